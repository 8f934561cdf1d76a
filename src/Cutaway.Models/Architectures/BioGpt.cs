using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>BioGPT (Luo et al. 2022): OPT with a scaled embedding and GELU.</summary>
internal static class BioGpt
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("BioGptForCausalLM", "biogpt", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        return new NetworkConfig
        {
            Architecture = "BioGptForCausalLM",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,

            // The norms' epsilon is a constant of the family; layer_norm_eps in its configurations is not used.
            Positions = PositionKind.Learned,
            EmbeddingScale = config.Flag("scale_embedding", absent: true) ? Math.Sqrt(dModel) : 1,
            Activation = ActivationNames.Read(config, "hidden_act"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights) =>
        Opt.Map(network, weights, "biogpt.", "layer_norm", "output_projection.weight", Opt.StoredPositions(network, weights, "biogpt."));
}
