using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>
/// TransformerLens's own models (Nanda and Bloom 2022): the keys of a <c>HookedTransformerConfig</c>, and a state dictionary
/// under its parameter names, raw or with norms folded (LNPre, RMSPre). A setting that would change the arithmetic and is
/// not known is refused by name.
/// </summary>
internal static class HookedTransformer
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("HookedTransformer", "hooked_transformer", Configure, HookedTransformerWeights.Map);

    /// <summary>The same without MLPs, as configurations that say no more than that call it.</summary>
    public static Architecture AttentionOnly { get; } = new(
        "AttentionOnlyTransformer", "attention_only", config => Configure(config) with { Architecture = "AttentionOnlyTransformer" }, HookedTransformerWeights.Map);

    /// <summary>Whether a configuration that names no architecture is one of TransformerLens.</summary>
    public static bool Recognises(ConfigReader config) => config.Has("d_vocab") && config.Has("n_ctx") && config.Has("d_model");

    private static NetworkConfig Configure(ConfigReader config)
    {
        int layers = config.Size(Limits.Layers, "n_layers");
        int dModel = config.Size(Limits.Width, "d_model");
        int heads = config.Size(Limits.Width, "n_heads");
        int keyHeads = IsUnset(config, "n_key_value_heads") ? heads : config.Size(Limits.Width, "n_key_value_heads");
        int dHead = config.OptionalSize(Limits.Width, "d_head") ?? HeadShape.Divide(config, "n_heads", heads, "d_model", dModel);
        _ = new HeadShape(heads, keyHeads, dHead).Checked(config, "d_head");
        int vocabulary = config.Size(Limits.Vocabulary, "d_vocab");
        RefuseUnknown(config, heads, keyHeads, vocabulary);

        string norms = config.OptionalText("normalization_type") ?? "none";
        NormKind norm = norms switch
        {
            "LN" or "LNPre" => NormKind.Layer,
            "RMS" or "RMSPre" => NormKind.Rms,
            "none" or "None" => NormKind.None,
            string other => throw config.Fault("normalization_type", Quote.Name(other), "known are LN, LNPre, RMS, RMSPre and none"),
        };
        bool isAttentionOnly = config.Flag("attn_only", absent: config.OptionalText("model_type") == "attention_only");
        PositionKind positions = config.Text("positional_embedding_type") switch
        {
            "standard" => PositionKind.Learned,
            "shortformer" => PositionKind.Shortformer,
            "rotary" => PositionKind.Rotary,
            "alibi" => PositionKind.Alibi,
            "none" => PositionKind.None,
            string other => throw config.Fault("positional_embedding_type", Quote.Name(other), "known are standard, shortformer, rotary, alibi and none"),
        };
        return new NetworkConfig
        {
            Architecture = "HookedTransformer",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = keyHeads,
            DHead = dHead,
            DMlp = isAttentionOnly ? 0 : config.OptionalSize(Limits.Width, "d_mlp") ?? (4 * dModel),
            Vocabulary = vocabulary,
            Context = config.Size(positions is PositionKind.Learned or PositionKind.Shortformer ? Limits.Vocabulary : Limits.Context, "n_ctx"),
            Norm = norm,
            NormEpsilon = norm == NormKind.None ? 1e-5 : config.Positive("eps"),
            NormWeightOffset = config.Flag("rmsnorm_uses_offset", absent: false) ? 1 : 0,
            NormPlacement = config.Flag("use_normalization_before_and_after", absent: false) ? NormPlacement.BeforeAndAfter : NormPlacement.Before,
            QueryKeyNorm = config.Flag("use_qk_norm", absent: false) ? QueryKeyNorm.Head : QueryKeyNorm.None,
            EmbeddingNorm = config.Flag("post_embedding_ln", absent: false),
            Positions = positions,
            AlibiSlopes = positions == PositionKind.Alibi ? Alibi.Slopes(heads) : null,
            Block = config.Flag("parallel_attn_mlp", absent: false) ? BlockKind.Parallel : BlockKind.Sequential,
            Activation = isAttentionOnly ? default : ActivationNames.Read(config, "act_fn"),
            GatedMlp = config.Flag("gated_mlp", absent: false),
            ScoreSoftCap = Cap(config, "attn_scores_soft_cap"),
            LogitSoftCap = Cap(config, "output_logits_soft_cap"),
            LayerConfigs = Layers(config, layers, dHead, positions),
            AppliedProcessing = norms.EndsWith("Pre", StringComparison.Ordinal) ? ["fold_ln"] : [],
        };
    }

    private static LayerConfig[] Layers(ConfigReader config, int layers, int dHead, PositionKind positions)
    {
        double divisor = !config.Flag("use_attn_scale", absent: true) ? 1 : IsUnset(config, "attn_scale") ? Math.Sqrt(dHead) : config.Positive("attn_scale");
        bool byLayer = config.Flag("scale_attn_by_inverse_layer_idx", absent: false);
        RotaryConfig? rotary = positions == PositionKind.Rotary ? Rotary(config, dHead) : null;
        IReadOnlyList<string>? kinds = config.Flag("use_local_attn", absent: false) ? config.OptionalTexts("attn_types") : null;
        int? window = kinds is null ? null : config.Size(Limits.Context, "window_size");
        return kinds is not null && kinds.Count < layers
            ? throw config.Fault("attn_types", $"a list of {kinds.Count}", $"'n_layers' is {layers}")
            :
            [
                .. Enumerable.Range(0, layers).Select(layer => new LayerConfig
                {
                    AttentionScale = 1 / (byLayer ? divisor * (layer + 1) : divisor),
                    Rotary = rotary,
                    Window = kinds?[layer] switch
                    {
                        "local" => window,
                        null or "global" => null,
                        string other => throw config.Fault("attn_types", Quote.Name(other), "known are local and global"),
                    },
                }),
            ];
    }

    private static RotaryConfig Rotary(ConfigReader config, int dHead)
    {
        int rotated = config.OptionalSize(Limits.Width, "rotary_dim") ?? dHead;
        if (rotated > dHead || rotated % 2 != 0)
        {
            throw config.Fault("rotary_dim", rotated, $"an even number of at most the width of a head ({dHead}) was expected");
        }

        double[] frequencies = RotaryScaling.Frequencies(config.OptionalPositive("rotary_base") ?? 10000, rotated);
        return new RotaryConfig
        {
            Frequencies = config.Flag("use_NTK_by_parts_rope", absent: false)
                ? RotaryScaling.ByParts(
                    frequencies,
                    config.Positive("NTK_by_parts_factor"),
                    config.Positive("NTK_by_parts_low_freq_factor"),
                    config.Positive("NTK_by_parts_high_freq_factor"),
                    config.Positive("NTK_original_ctx_len"))
                : frequencies,
            Interleaved = config.Flag("rotary_adjacent_pairs", absent: false),
        };
    }

    // What TransformerLens can do and these few lines cannot.
    private static void RefuseUnknown(ConfigReader config, int heads, int keyHeads, int vocabulary)
    {
        if (heads % keyHeads != 0)
        {
            throw config.Fault("n_key_value_heads", keyHeads, $"a divisor of 'n_heads' ({heads}) was expected");
        }

        if (config.OptionalText("attention_dir") is { } direction && direction != "causal")
        {
            throw config.Fault("attention_dir", Quote.Name(direction), "only causal models are read under these parameter names");
        }

        foreach (string flag in (ReadOnlySpan<string>)["final_rms", "use_yarn_rope", "is_stateful", "is_multimodal"])
        {
            if (config.Flag(flag, absent: false))
            {
                throw config.Fault(flag, "true", "it is not supported in models under these parameter names");
            }
        }

        if (config.Has("num_experts"))
        {
            throw config.Fault("num_experts", "set", "mixtures of experts are read from Hugging Face's layout only");
        }

        if (!IsUnset(config, "d_vocab_out") && config.Size(Limits.Vocabulary, "d_vocab_out") is int outputs && outputs != vocabulary)
        {
            throw config.Fault("d_vocab_out", outputs, $"as many outputs as 'd_vocab' ({vocabulary}) were expected");
        }

        if (config.Has("rotary_base_local"))
        {
            throw config.Fault("rotary_base_local", "set", "one rotation for all layers was expected");
        }
    }

    private static double? Cap(ConfigReader config, string key) => IsUnset(config, key) ? null : config.Positive(key);

    // Absent, null, or the -1 by which HookedTransformerConfig says "not set".
    private static bool IsUnset(ConfigReader config, string key) =>
        config.Find(key) is not { } value || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number == -1);
}
