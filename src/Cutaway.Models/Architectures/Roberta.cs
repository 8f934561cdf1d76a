using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>RoBERTa (Liu et al. 2019): BERT whose positions begin after the padding token's.</summary>
internal static class Roberta
{
    // The padding token is 1 in every vocabulary of the family, and positions are counted from the one after it.
    private const int UsualPadding = 1;

    /// <summary>With the head that fills in masked tokens.</summary>
    public static Architecture Family { get; } = new("RobertaForMaskedLM", "roberta", config => Configure(config, "RobertaForMaskedLM", unembeds: true), Map);

    /// <summary>Without a head.</summary>
    public static Architecture Headless { get; } = new("RobertaModel", "roberta", config => Configure(config, "RobertaModel", unembeds: false), Map);

    private static int Offset(ConfigReader config) => (config.OptionalCount(Limits.Vocabulary, "pad_token_id") ?? UsualPadding) + 1;

    private static NetworkConfig Configure(ConfigReader config, string architecture, bool unembeds) =>
        Bert.Configure(config, architecture, unembeds, types: true, Offset(config), geluHead: true);

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights) => new EncoderLayout
    {
        Root = "roberta.",
        PositionOffset = Offset(config),
        Head = ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight", "lm_head.bias"),
        Unused = ["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias", "lm_head.decoder.bias"],
    }.Map(network, weights);
}
