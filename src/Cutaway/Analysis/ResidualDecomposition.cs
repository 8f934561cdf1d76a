using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Analysis;

/// <summary>Which writers of the residual stream a decomposition lists.</summary>
public enum ResidualWriters
{
    /// <summary>Attention layers and MLPs.</summary>
    All,

    /// <summary>Attention layers.</summary>
    Attention,

    /// <summary>MLPs.</summary>
    Mlp,
}

/// <summary>
/// Splits the residual stream of a run into what its parts wrote, as TransformerLens's <c>ActivationCache</c> does. A layer
/// means the stream before that block; the number of layers means the stream after the last one.
/// </summary>
public static class ResidualDecomposition
{
    /// <summary>The sites a run must capture for every decomposition and norm here.</summary>
    public static IReadOnlyList<Site> Needs(LanguageModel model) =>
    [
        .. model.Network.Hooks.Points
            .Where(point => point.Kind is HookKind.Embed or HookKind.PositionEmbed or HookKind.ResidPre or HookKind.ResidMid or HookKind.AttentionOut or HookKind.CrossOut
                or HookKind.MlpOut or HookKind.MlpPost or HookKind.ResidPost or HookKind.Result
                or HookKind.AttentionNormScale or HookKind.MlpNormScale or HookKind.FinalNormScale)
            .Select(point => new Site(point.Name)),
    ];

    /// <summary>Embeddings, attention layers and MLPs below a layer (<c>decompose_resid</c>); all of them sum to the stream.</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="mid">Whether the stream is that before the layer's MLP, so that its attention counts.</param>
    /// <param name="writers">Which writers are listed.</param>
    /// <param name="embeddings">Whether embeddings are listed.</param>
    public static ResidualStack Writers(Run run, int layer, bool mid = false, ResidualWriters writers = ResidualWriters.All, bool embeddings = true)
    {
        StreamSum.Require(run.Model.Config);
        Check(run, layer, mid);
        List<(string Label, double[] Values)> parts = [];
        if (embeddings)
        {
            parts.AddRange(Embeddings(run));
        }

        for (int l = 0; l < layer + (mid ? 1 : 0); l++)
        {
            if (writers != ResidualWriters.Mlp)
            {
                parts.Add(($"{l}_attn_out", run[Site.AttnOut(l)].ToDoubles()));
            }

            if (writers != ResidualWriters.Mlp && l < layer && run.Model.Config.Encoder is not null)
            {
                parts.Add(CrossOut(run, l));
            }

            if (writers != ResidualWriters.Attention && l < layer && !run.Model.Config.AttentionOnly)
            {
                parts.Add(($"{l}_mlp_out", run[Site.MlpOut(l)].ToDoubles()));
            }
        }

        return Stack(run, parts);
    }

    /// <summary>The stream itself before each block up to a layer (<c>accumulated_resid</c>).</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">The last layer.</param>
    /// <param name="mids">Whether the streams before the MLPs are listed too.</param>
    /// <param name="endsMid">Whether the last one is the stream before the layer's MLP.</param>
    public static ResidualStack Accumulated(Run run, int layer, bool mids = false, bool endsMid = false)
    {
        Check(run, layer, mids || endsMid);
        List<(string, double[])> parts = [];
        int layers = run.Model.Config.Layers;
        for (int l = 0; l <= layer && l < layers; l++)
        {
            parts.Add(($"{l}_pre", run[Site.ResidPre(l)].ToDoubles()));
            if ((mids && l < layer) || (endsMid && l == layer))
            {
                parts.Add(($"{l}_mid", run[$"blocks.{l}.hook_resid_mid"].ToDoubles()));
            }
        }

        if (layer == layers)
        {
            parts.Add(("final_post", run[Site.ResidPost(layers - 1)].ToDoubles()));
        }

        return Stack(run, parts);
    }

    /// <summary>What each head below a layer wrote (<c>stack_head_results</c>), before any post-norm.</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="remainder">Whether the rest of the stream is listed last.</param>
    public static ResidualStack Heads(Run run, int layer, bool remainder = false)
    {
        StreamSum.Require(run.Model.Config);
        Check(run, layer, mid: false);
        NetworkConfig config = run.Model.Config;
        List<(string, double[])> parts = [];
        for (int l = 0; l < layer; l++)
        {
            for (int head = 0; head < config.Heads; head++)
            {
                parts.Add(($"L{l}H{head}", run[Site.Result(l)].Select("head", head).ToDoubles()));
            }
        }

        return Stack(run, remainder ? WithRemainder(run, layer, parts) : parts);
    }

    /// <summary>What some neurons of each layer below a layer wrote (<c>stack_neuron_results</c>), before any post-norm.</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="neurons">Which neurons.</param>
    /// <param name="remainder">Whether the rest of the stream is listed last.</param>
    public static ResidualStack Neurons(Run run, int layer, Range neurons, bool remainder = false)
    {
        StreamSum.Require(run.Model.Config);
        Check(run, layer, mid: false);
        List<(string, double[])> parts = [];
        for (int l = 0; l < layer; l++)
        {
            parts.AddRange(NeuronsOf(run, l, neurons));
        }

        return Stack(run, remainder ? WithRemainder(run, layer, parts) : parts);
    }

    /// <summary>What some neurons of one layer wrote (<c>get_neuron_results</c>), before any post-norm.</summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">Their layer.</param>
    /// <param name="neurons">Which neurons.</param>
    public static ResidualStack NeuronsIn(Run run, int layer, Range neurons) => Stack(run, NeuronsOf(run, layer, neurons));

    /// <summary>
    /// Heads, MLPs, embeddings, and the attention biases as one part (<c>get_full_resid_decomposition</c> with neurons left
    /// together); they sum to the stream where there are no post-norms.
    /// </summary>
    /// <param name="run">A run that captured <see cref="Needs"/>.</param>
    /// <param name="layer">The layer.</param>
    public static ResidualStack Full(Run run, int layer)
    {
        NetworkConfig config = run.Model.Config;
        ResidualStack heads = Heads(run, layer);
        List<(string Label, double[] Values)> parts = [.. heads.Labels.Select((label, i) => (label, heads.Values.Select("part", i).ToDoubles()))];
        for (int l = 0; l < layer && !config.AttentionOnly; l++)
        {
            if (config.Encoder is not null)
            {
                parts.Add(CrossOut(run, l));
            }

            parts.Add(($"{l}_mlp_out", run[Site.MlpOut(l)].ToDoubles()));
        }

        parts.AddRange(Embeddings(run));
        double[] bias = new double[config.DModel];
        foreach (BlockWeights block in run.Model.Network.Weights.Blocks.Take(layer))
        {
            for (int i = 0; i < bias.Length; i++)
            {
                bias[i] += config.ResidualScale * (block.Attention.Output.Bias?.Float64[i] ?? 0);
            }
        }

        parts.Add(("bias", [.. Enumerable.Range(0, run.Tokens.Batch * run.Tokens.Length).SelectMany(_ => bias)]));
        return Stack(run, parts);
    }

    private static (string Label, double[] Values) CrossOut(Run run, int layer) => ($"{layer}_cross_attn_out", run[$"blocks.{layer}.hook_cross_attn_out"].ToDoubles());

    private static IEnumerable<(string Label, double[] Values)> Embeddings(Run run)
    {
        yield return ("embed", run["hook_embed"].ToDoubles());
        if (run.Model.Config.Positions == PositionKind.Learned)
        {
            yield return ("pos_embed", run["hook_pos_embed"].ToDoubles());
        }
    }

    private static List<(string Label, double[] Values)> NeuronsOf(Run run, int layer, Range neurons)
    {
        NetworkConfig config = run.Model.Config;
        if (config.AttentionOnly || config.LayerConfigs[layer].Experts is not null)
        {
            throw CutawayException.Usage($"layer {layer} of '{run.Model.Name}' has {(config.AttentionOnly ? "no MLP" : "a mixture of experts")} and so no MLP neurons");
        }

        (int first, int count) = neurons.GetOffsetAndLength(config.DMlp);
        int d = config.DModel;
        double[] post = run[Site.MlpPost(layer)].ToDoubles();
        WeightMatrix output = run.Model.Network.Weights.Blocks[layer].Mlp!.Out.Weight;
        int places = post.Length / config.DMlp;
        double[][] written = [.. Enumerable.Range(0, count).Select(_ => new double[places * d])];
        double[][] columns = WeightColumns.Of(output, first, count);
        for (int i = 0; i < d; i++)
        {
            for (int n = 0; n < count; n++)
            {
                for (int place = 0; place < places; place++)
                {
                    written[n][(place * d) + i] = config.ResidualScale * post[(place * config.DMlp) + first + n] * columns[i][n];
                }
            }
        }

        return [.. written.Select((values, n) => ($"L{layer}N{first + n}", values))];
    }

    private static List<(string Label, double[] Values)> WithRemainder(Run run, int layer, List<(string Label, double[] Values)> parts)
    {
        double[] rest = layer == 0 ? run[Site.ResidPre(0)].ToDoubles() : run[Site.ResidPost(layer - 1)].ToDoubles();
        foreach ((_, double[] values) in parts)
        {
            for (int i = 0; i < rest.Length; i++)
            {
                rest[i] -= values[i];
            }
        }

        return [.. parts, ("remainder", rest)];
    }

    private static void Check(Run run, int layer, bool mid)
    {
        NetworkConfig config = run.Model.Config;
        if (layer < 0 || layer > config.Layers)
        {
            throw CutawayException.Usage($"layer {layer}: '{run.Model.Name}' has layers 0 to {config.Layers - 1}, and {config.Layers} means the end");
        }

        if (mid && (config.AttentionOnly || config.Block != BlockKind.Sequential))
        {
            throw CutawayException.Usage($"'{run.Model.Name}' has no stream between attention and MLP");
        }
    }

    private static ResidualStack Stack(Run run, IReadOnlyList<(string Label, double[] Values)> parts) => new(
        run,
        [.. parts.Select(part => part.Label)],
        Tensor.Of(
            [.. parts.SelectMany(part => part.Values)],
            [parts.Count, run.Tokens.Batch, run.Tokens.Length, run.Model.Config.DModel],
            ["part", "batch", "pos", "d_model"]));
}
