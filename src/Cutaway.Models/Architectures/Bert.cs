using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>BERT (Devlin et al. 2019): reads both ways, normalises the stream after each addition, fills in masked tokens; sentence encoders are BERT without that head.</summary>
internal static class Bert
{
    private static readonly EncoderLayout Layout = new() { Root = "bert." };

    /// <summary>With the head that fills in masked tokens.</summary>
    public static Architecture Family { get; } = new("BertForMaskedLM", "bert", config => Configure(config, "BertForMaskedLM", unembeds: true), (_, network, weights) => Layout.Map(network, weights));

    /// <summary>Without a head.</summary>
    public static Architecture Headless { get; } = new("BertModel", "bert", config => Configure(config, "BertModel", unembeds: false), (_, network, weights) => Layout.Map(network, weights));

    /// <summary>Reads the keys that descendants share.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The class.</param>
    /// <param name="unembeds">Whether it has the head.</param>
    /// <param name="types">Whether tokens have types.</param>
    /// <param name="offset">Rows of positions that are not used.</param>
    /// <param name="geluHead">Whether the head's nonlinearity is GELU whatever <c>hidden_act</c> says (RoBERTa's and MPNet's).</param>
    internal static NetworkConfig Configure(ConfigReader config, string architecture, bool unembeds, bool types = true, int offset = 0, bool geluHead = false)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        int positions = config.Size(Limits.Context, "max_position_embeddings");
        if (config.OptionalText("position_embedding_type") is { } kind && kind != "absolute")
        {
            throw config.Fault("position_embedding_type", Quote.Name(kind), "only absolute positions are supported");
        }

        if (config.Flag("is_decoder", absent: false))
        {
            throw config.Fault("is_decoder", "true", "only encoders are supported");
        }

        if (positions <= offset)
        {
            throw config.Fault("max_position_embeddings", positions, $"more than {offset} were expected, for the first {offset} are not used");
        }

        ActivationKind activation = ActivationNames.Read(config, "hidden_act");
        if (unembeds && geluHead && activation != ActivationKind.GeluExact)
        {
            throw config.Fault("hidden_act", config.Text("hidden_act"), "gelu was expected, for the head of this family has no other");
        }

        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = config.Size(Limits.Width, "intermediate_size"),
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
            Context = positions - offset,
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_eps"),
            NormPlacement = NormPlacement.OnSum,
            Positions = PositionKind.Learned,
            TokenTypes = types ? config.Size(Limits.Width, "type_vocab_size") : 0,
            InputNorm = true,
            Causal = false,
            FinalNorm = unembeds,
            HeadTransform = unembeds,
            Unembeds = unembeds,
            Activation = activation,
            TiedEmbedding = config.Flag("tie_word_embeddings", absent: true),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }
}
