using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>MPNet (Song et al. 2020): BERT without token types, with learned biases on scores by distance that all layers share.</summary>
internal static class MpNet
{
    private const int PositionOffset = 2;
    private const int FarthestBucket = 128;

    private static readonly EncoderLayout Layout = new()
    {
        Root = "mpnet.",
        Attention = ("attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o"),
        Norms = ("attention.LayerNorm", "output.LayerNorm"),
        Head = ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight", "lm_head.bias"),
        PositionOffset = PositionOffset,
        ScoreBias = "encoder.relative_attention_bias",
        Unused = ["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias", "lm_head.decoder.bias"],
    };

    /// <summary>With the head that fills in masked tokens.</summary>
    public static Architecture Family { get; } = new("MPNetForMaskedLM", "mpnet", config => Configure(config, "MPNetForMaskedLM", unembeds: true), (_, network, weights) => Layout.Map(network, weights));

    /// <summary>Without a head.</summary>
    public static Architecture Headless { get; } = new("MPNetModel", "mpnet", config => Configure(config, "MPNetModel", unembeds: false), (_, network, weights) => Layout.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config, string architecture, bool unembeds) => Bert.Configure(config, architecture, unembeds, types: false, PositionOffset, geluHead: true) with
    {
        ScoreBuckets = new RelativeBuckets(config.Size(Limits.Width, "relative_attention_num_buckets"), FarthestBucket, BothWays: true),
    };
}
