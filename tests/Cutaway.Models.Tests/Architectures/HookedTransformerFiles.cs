using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>Writes a network as TransformerLens would save it: <c>cfg.to_dict()</c> as config.json, and its state dictionary.</summary>
internal static class HookedTransformerFiles
{
    /// <summary>The state dictionary: shapes and values by name.</summary>
    public static Dictionary<string, (long[] Shape, double[] Values)> State(NetworkConfig config, NetworkWeights weights)
    {
        Dictionary<string, (long[] Shape, double[] Values)> state = [];
        foreach (NamedWeight weight in NamedWeight.Of(weights))
        {
            string name = weight.Name;
            string part = name[(name.LastIndexOf('.') + 1)..];
            if (part is "W_K" or "W_V" or "b_K" or "b_V" && config.KeyValueHeads != config.Heads)
            {
                name = name.Replace(part, "_" + part, StringComparison.Ordinal);
            }

            double[] values = weight.Matrix?.Decode<double>() ?? weight.Vector!.Float64.ToArray();
            long rows = weight.Matrix?.Rows ?? values.Length;
            long columns = weight.Matrix?.Columns ?? 1;
            (long width, long dModel) = (config.DHead, config.DModel);
            state[name] = part switch
            {
                "W_E" or "W_pos" => ([rows, columns], values),
                "W_Q" or "W_K" or "W_V" => ([rows / width, dModel, width], HeadByHead(values, rows / width, width, dModel)),
                "W_O" => ([columns / width, width, dModel], Turned(values, rows, columns)),
                "b_Q" or "b_K" or "b_V" => ([rows / width, width], values),
                _ => weight.Matrix is null ? ([rows], values) : ([columns, rows], Turned(values, rows, columns)),
            };
        }

        // The unembedding is never tied there.
        state.TryAdd("unembed.W_U", ([config.DModel, config.Vocabulary], Turned(weights.Embedding.Decode<double>(), config.Vocabulary, config.DModel)));
        return state;
    }

    /// <summary>The configuration's keys.</summary>
    public static Dictionary<string, object?> Config(NetworkConfig config)
    {
        LayerConfig first = config.LayerConfigs[0];
        bool isFolded = config.AppliedProcessing.Contains("fold_ln");
        return new()
        {
            ["n_layers"] = config.Layers,
            ["d_model"] = config.DModel,
            ["n_ctx"] = config.Context,
            ["d_head"] = config.DHead,
            ["n_heads"] = config.Heads,
            ["n_key_value_heads"] = config.KeyValueHeads == config.Heads ? null : config.KeyValueHeads,
            ["d_mlp"] = config.DMlp,
            ["d_vocab"] = config.Vocabulary,
            ["d_vocab_out"] = config.Vocabulary,
            ["act_fn"] = config.Activation switch
            {
                ActivationKind.GeluTanh => "gelu_new",
                ActivationKind.GeluExact => "gelu",
                ActivationKind.Relu => "relu",
                _ => "silu",
            },
            ["eps"] = config.NormEpsilon,
            ["normalization_type"] = (config.Norm == NormKind.Layer ? "LN" : "RMS") + (isFolded ? "Pre" : ""),
            ["positional_embedding_type"] = config.Positions == PositionKind.Rotary ? "rotary" : "standard",
            ["rotary_dim"] = first.Rotary is { } rotary ? 2 * rotary.Frequencies.Count : null,
            ["rotary_base"] = first.Rotary is { } turned ? Math.Pow(turned.Frequencies[1], -turned.Frequencies.Count) : null,
            ["rotary_adjacent_pairs"] = first.Rotary?.Interleaved ?? false,
            ["attn_scale"] = 1 / first.AttentionScale,
            ["use_attn_scale"] = true,
            ["attn_only"] = false,
            ["parallel_attn_mlp"] = config.Block != BlockKind.Sequential,
            ["gated_mlp"] = config.GatedMlp,
            ["use_qk_norm"] = config.QueryKeyNorm != QueryKeyNorm.None,
            ["use_normalization_before_and_after"] = config.PostNorms,
            ["rmsnorm_uses_offset"] = config.NormWeightOffset == 1,
            ["attn_scores_soft_cap"] = config.ScoreSoftCap ?? -1.0,
            ["output_logits_soft_cap"] = config.LogitSoftCap ?? -1.0,
            ["use_local_attn"] = config.LayerConfigs.Any(layer => layer.Window is not null),
            ["window_size"] = config.LayerConfigs.Max(layer => layer.Window),
            ["attn_types"] = config.LayerConfigs.Select(layer => layer.Window is null ? "global" : "local").ToArray(),
            ["attention_dir"] = "causal",
            ["dtype"] = "torch.float32",
            ["tokenizer_prepends_bos"] = null,
        };
    }

    /// <summary>The state dictionary as tensors.</summary>
    public static IEnumerable<OutputTensor> Tensors(Dictionary<string, (long[] Shape, double[] Values)> state, ElementType type) =>
        state.Select(entry => OutputTensor.Create(entry.Key, entry.Value.Shape, entry.Value.Values, type));

    private static double[] HeadByHead(double[] values, long heads, long width, long dModel) =>
        [.. Enumerable.Range(0, (int)heads).SelectMany(head => Turned(values.AsSpan((int)(head * width * dModel), (int)(width * dModel)).ToArray(), width, dModel))];

    private static double[] Turned(double[] values, long rows, long columns) =>
        [.. Enumerable.Range(0, values.Length).Select(i => values[(i % rows * columns) + (i / rows)])];
}
