using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>DistilBERT (Sanh et al. 2019): BERT with half of the layers and without token types.</summary>
internal static class DistilBert
{
    private static readonly EncoderLayout Layout = new()
    {
        Root = "distilbert.",
        Block = "transformer.layer.{0}",
        Attention = ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
        Mlp = ("ffn.lin1", "ffn.lin2"),
        Norms = ("sa_layer_norm", "output_layer_norm"),
        Head = ("vocab_transform", "vocab_layer_norm", "vocab_projector.weight", "vocab_projector.bias"),
        Unused = ["embeddings.position_ids"],
    };

    /// <summary>With the head that fills in masked tokens.</summary>
    public static Architecture Family { get; } = new("DistilBertForMaskedLM", "distilbert", config => Configure(config, "DistilBertForMaskedLM", unembeds: true), (_, network, weights) => Layout.Map(network, weights));

    /// <summary>Without a head.</summary>
    public static Architecture Headless { get; } = new("DistilBertModel", "distilbert", config => Configure(config, "DistilBertModel", unembeds: false), (_, network, weights) => Layout.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config, string architecture, bool unembeds)
    {
        // The norms' epsilon is a constant of the family.
        const double Epsilon = 1e-12;
        int layers = config.Size(Limits.Layers, "n_layers");
        int dModel = config.Size(Limits.Width, "dim");
        int heads = config.Size(Limits.Width, "n_heads");
        int dHead = HeadShape.Divide(config, "n_heads", heads, "dim", dModel);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "hidden_dim"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = config.Size(Limits.Context, "max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = Epsilon,
            NormPlacement = NormPlacement.OnSum,
            Positions = PositionKind.Learned,
            InputNorm = true,
            Causal = false,
            FinalNorm = unembeds,
            HeadTransform = unembeds,
            Unembeds = unembeds,
            Activation = ActivationNames.Read(config, "activation"),
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }
}
