using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>
/// Attribution of queries and keys with the softmax taken as it is (Kramár et al. 2024, "AtP*", section 3.1): the pattern that
/// the other run's queries or keys would make, less the pattern there is, times the gradient at the pattern. A saturated softmax,
/// whose gradient is next to nothing, hides no effect this way.
/// </summary>
internal static class QkFix
{
    /// <summary>What the base run must keep.</summary>
    public static PlanItem[] Needs(LanguageModel model) =>
    [
        .. OtherNeeds(model),
        .. Capture.All("blocks.*.attn.hook_v", "blocks.*.attn.hook_attn_scores", Site.AllPatterns),
        CaptureGradient.At(Site.AllZ),
    ];

    /// <summary>What the other run must keep.</summary>
    public static PlanItem[] OtherNeeds(LanguageModel model) =>
        Capture.All([.. Enumerable.Range(0, model.Config.Layers).SelectMany(layer => new[] { Queries(model.Config, layer), Keys(model.Config, layer) })]);

    /// <summary>The estimated change of the metric, [pair][row][column] of a grid of queries or of keys.</summary>
    /// <param name="grid">The places, by head or by head and position.</param>
    /// <param name="run">The run that is changed; it kept <see cref="Needs"/>.</param>
    /// <param name="other">The run whose queries or keys are put in; it kept <see cref="OtherNeeds"/>.</param>
    /// <param name="positions">How many positions the grid has, counted from each prompt's end.</param>
    public static double[][][] Effects(PatchGrid grid, GradientRun run, Run other, int positions)
    {
        TokenBatch tokens = run.Run.Tokens;
        NetworkConfig config = run.Run.Model.Config;
        double[][][] effects = [.. Enumerable.Range(0, tokens.Batch).Select(_ => grid.Cells.Select(row => new double[row.Count]).ToArray())];
        int row = 0;
        foreach (HookPoint point in grid.Points)
        {
            HeadRows rows = new(run, other, point.Layer, grid.Site == PatchSite.HeadQ);
            for (int item = 0; item < tokens.Batch; item++)
            {
                for (int head = 0; head < config.Heads; head++)
                {
                    int own = grid.Site == PatchSite.HeadQ ? head : head * config.KeyValueHeads / config.Heads;
                    for (int query = 0; query < tokens.Length; query++)
                    {
                        if (tokens.IsReal(item, query))
                        {
                            Add(rows, effects[item], row, item, head, own, query);
                        }
                    }
                }
            }

            row += grid.Cells.Count / grid.Points.Count;
        }

        return effects;

        void Add(HeadRows rows, double[][] cells, int first, int item, int head, int own, int query)
        {
            rows.Read(item, head, query);
            if (grid.By == PatchBy.Head)
            {
                cells[first][own] += RowChange(rows.Pattern, rows.Fresh, rows.Slope, rows.Sink);
            }
            else if (grid.Site == PatchSite.HeadQ)
            {
                Put(first + own, query, item, cells, RowChange(rows.Pattern, rows.Fresh, rows.Slope, rows.Sink));
            }
            else
            {
                double mean = TensorPrimitives.Dot(rows.Pattern, rows.Slope);
                for (int key = 0; key < rows.Scores.Length; key++)
                {
                    if (!double.IsNegativeInfinity(rows.Scores[key]))
                    {
                        Put(first + own, key, item, cells, KeyChange(rows.Pattern[key], rows.Fresh[key] - rows.Scores[key], rows.Slope[key], mean));
                    }
                }
            }
        }

        void Put(int at, int position, int item, double[][] cells, double value)
        {
            int column = positions + position - tokens.LastPosition(item) - 1;
            if (column >= 0 && column < positions)
            {
                cells[at][column] += value;
            }
        }
    }

    /// <summary>The change of a row of a pattern when its scores become others, times the gradient there.</summary>
    /// <param name="pattern">The row.</param>
    /// <param name="scores">The new scores; minus infinity where a key is not seen.</param>
    /// <param name="slope">The gradient at the row.</param>
    /// <param name="sink">A further score, which has no place in the row.</param>
    public static double RowChange(ReadOnlySpan<double> pattern, ReadOnlySpan<double> scores, ReadOnlySpan<double> slope, double sink = double.NegativeInfinity)
    {
        double largest = Math.Max(TensorPrimitives.Max(scores), sink);
        double sum = Math.Exp(sink - largest);
        double mixed = 0;
        for (int key = 0; key < scores.Length; key++)
        {
            double weight = Math.Exp(scores[key] - largest);
            sum += weight;
            mixed += weight * slope[key];
        }

        return (mixed / sum) - TensorPrimitives.Dot(pattern, slope);
    }

    /// <summary>
    /// The same when one score alone changes: its weight becomes a·e^Δ / (1 + a (e^Δ − 1)) and the others shrink alike, which is
    /// (a'/a − 1)·a·(slope − mean) without going over the row.
    /// </summary>
    /// <param name="weight">The key's weight in the row, a.</param>
    /// <param name="change">The change of its score, Δ.</param>
    /// <param name="slope">The gradient at the weight.</param>
    /// <param name="mean">The gradient's mean over the row, weighted by the pattern.</param>
    public static double KeyChange(double weight, double change, double slope, double mean)
    {
        // e^Δ is kept at or below 1, so that a large change does not overflow.
        double share = change > 0
            ? weight * (1 - Math.Exp(-change)) / (Math.Exp(-change) + (weight * (1 - Math.Exp(-change))))
            : weight * (Math.Exp(change) - 1) / (1 + (weight * (Math.Exp(change) - 1)));
        return share * (slope - mean);
    }

    private static Site Queries(NetworkConfig config, int layer) => $"blocks.{layer}.attn.{(config.LayerConfigs[layer].Rotary is null ? "hook_q" : "hook_rot_q")}";

    private static Site Keys(NetworkConfig config, int layer) => $"blocks.{layer}.attn.{(config.LayerConfigs[layer].Rotary is null ? "hook_k" : "hook_rot_k")}";

    /// <summary>Rows of a layer's patterns, with the scores they would have and the gradient at them.</summary>
    private sealed class HeadRows(GradientRun run, Run other, int layer, bool newQueries)
    {
        private readonly NetworkConfig config = run.Run.Model.Config;
        private readonly int length = run.Run.Tokens.Length;
        private readonly Tensor queries = newQueries ? other[Queries(run.Run.Model.Config, layer)] : run[Queries(run.Run.Model.Config, layer)];
        private readonly Tensor keys = newQueries ? run[Keys(run.Run.Model.Config, layer)] : other[Keys(run.Run.Model.Config, layer)];
        private readonly Tensor values = run[$"blocks.{layer}.attn.hook_v"];
        private readonly Tensor scores = run[$"blocks.{layer}.attn.hook_attn_scores"];
        private readonly Tensor patterns = run[Site.Pattern(layer)];
        private readonly Tensor gradient = run.Gradient(Site.Z(layer));
        private readonly double[] fresh = new double[run.Run.Tokens.Length];
        private readonly double[] slope = new double[run.Run.Tokens.Length];
        private int at;

        public ReadOnlySpan<double> Pattern => patterns.To<double>().Slice(at, length);

        public ReadOnlySpan<double> Scores => scores.To<double>().Slice(at, length);

        public ReadOnlySpan<double> Fresh => fresh;

        public ReadOnlySpan<double> Slope => slope;

        public double Sink { get; private set; }

        public void Read(int item, int head, int query)
        {
            at = ((((item * config.Heads) + head) * length) + query) * length;
            int shared = head * config.KeyValueHeads / config.Heads;
            ReadOnlySpan<double> q = Vector(queries, item, query, head, config.Heads, config.DHead);
            ReadOnlySpan<double> mixed = Vector(gradient, item, query, head, config.Heads, config.DValue);
            Sink = AttentionArithmetic.Sink(run.Run.Model, layer, head);
            for (int key = 0; key < length; key++)
            {
                // ∂m/∂A[query, key] = ∂m/∂z[query] · v[key].
                slope[key] = TensorPrimitives.Dot(mixed, Vector(values, item, key, shared, config.KeyValueHeads, config.DValue));
                fresh[key] = double.IsNegativeInfinity(Scores[key])
                    ? double.NegativeInfinity
                    : AttentionArithmetic.Score(run.Run.Model, layer, head, q, Vector(keys, item, key, shared, config.KeyValueHeads, config.DHead), key - query);
            }
        }

        private ReadOnlySpan<double> Vector(Tensor tensor, int item, int position, int head, int heads, int width) =>
            tensor.To<double>().Slice(((((item * length) + position) * heads) + head) * width, width);
    }
}
