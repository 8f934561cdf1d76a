using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;

namespace Cutaway.Planning;

/// <summary>
/// Finds where each variant leaves the base run: the first point whose value it changes, and the first position. What a variant
/// puts in place is compared with what is there, value by value, so that a change of nothing costs nothing.
/// </summary>
internal sealed class VariantPlanner<T>(TransformerNetwork network, BaseRun<T> run, LogitScope scope)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly NetworkConfig config = network.Config;
    private readonly int lastRead = Enumerable.Range(0, run.Prompts.Batch).Min(run.Prompts.LastPosition);
    private T[] changed = [];

    /// <summary>Plans one variant.</summary>
    /// <param name="index">Its place in the sweep.</param>
    /// <param name="entries">What it does, in firing order.</param>
    public PlannedVariant Plan(int index, IReadOnlyList<CompiledPlan.Entry> entries)
    {
        if (entries.Any(entry => PlannedVariant.Splits(entry.Point.Kind))
            && entries.Any(entry => entry.Point.Kind is HookKind.AttentionNormScale or HookKind.AttentionNormNormalized))
        {
            return Full(index);
        }

        CompiledPlan.Entry[][] points = [.. entries.GroupBy(entry => entry.Point.Index).Select(group => group.ToArray())];
        int first = run.Prompts.Length;
        int start = -1;
        for (int i = 0; i < points.Length; i++)
        {
            HookKind kind = points[i][0].Point.Kind;
            if ((points[i][0].Point.Layer < 0 && !Embedding(kind)) || kind is HookKind.CrossScores or HookKind.CrossPattern)
            {
                return Full(index);
            }

            int column = FirstChange(points[i]);
            start = start < 0 && column < run.Prompts.Length ? i : start;
            first = Math.Min(first, column);
        }

        if (start < 0)
        {
            return new(index, VariantStart.Baseline, 0, 0, null, [], []);
        }

        if (!config.Causal)
        {
            // Earlier positions read later ones.
            first = 0;
        }

        // A position that no metric reads after it would leave no rows to run.
        return Enter(index, scope == LogitScope.Last ? Math.Min(first, lastRead) : first, points[start..]);
    }

    /// <summary>What a point's value becomes; valid until the next call.</summary>
    public ReadOnlySpan<T> Change(IReadOnlyList<CompiledPlan.Entry> entries)
    {
        HookPoint point = entries[0].Point;
        ReadOnlySpan<T> own = run.At(point);
        if (changed.Length < own.Length)
        {
            changed = new T[own.Length];
        }

        Span<T> values = changed.AsSpan(0, own.Length);
        own.CopyTo(values);
        int[] shape = [.. run.Shape(point)];
        foreach (CompiledPlan.Entry entry in entries)
        {
            PlanListener<T>.Apply(entry, (Intervention)entry.Item, new Activation<T> { Point = point, Values = values, Shape = shape, Past = 0 });
        }

        return values;
    }

    private static PlannedVariant Full(int index) => new(index, VariantStart.Full, 0, 0, null, [], []);

    private static bool Embedding(HookKind kind) => kind is HookKind.Embed or HookKind.PositionEmbed;

    private PlannedVariant Enter(int index, int first, CompiledPlan.Entry[][] points)
    {
        HookPoint point = points[0][0].Point;
        CompiledPlan.Entry[] rest = [.. points.Skip(1).SelectMany(entries => entries)];
        CompiledPlan.Entry[] all = [.. points.SelectMany(entries => entries)];
        HookPoint? next = points.Length > 1 ? points[1][0].Point : null;
        bool sequential = config.Block == BlockKind.Sequential && !config.AttentionOnly;
        int layer = point.Layer;
        switch (point.Kind)
        {
            case HookKind.PositionEmbed when config.Positions == PositionKind.Shortformer:
            case HookKind.Embed or HookKind.PositionEmbed or HookKind.TokenTypeEmbed when config.InputNorm || config.TokenTypes > 0:
                return Full(index);
            case HookKind.Embed or HookKind.PositionEmbed:
                return next is not null && Embedding(next.Kind)
                    ? Full(index)
                    : new(index, VariantStart.Block, 0, first, point, points[0], rest);
            case HookKind.ResidPre:
                return new(index, VariantStart.Block, layer, first, point, points[0], rest);
            case HookKind.ResidMid:
                return new(index, VariantStart.Mlp, layer, first, point, points[0], rest);
            case HookKind.Z or HookKind.Result when config.PostNorms:
                return new(index, VariantStart.Block, layer, first, null, [], all);
            case HookKind.Z or HookKind.Result or HookKind.AttentionOut when sequential:
                // Another change before the MLP reads needs the whole of attention.
                return next is not null && next.Layer == layer && next.Kind < HookKind.ResidMid
                    ? new(index, VariantStart.Block, layer, first, null, [], all)
                    : new(index, VariantStart.Mlp, layer, first, point, points[0], rest);
            case HookKind.Z or HookKind.Result or HookKind.AttentionOut or HookKind.MlpOut or HookKind.ResidPost
                when config.NormPlacement != NormPlacement.OnSum && (next is null || next.Layer > layer):
                return new(index, VariantStart.Block, layer + 1, first, point, points[0], rest);
            case > HookKind.ResidMid when sequential:
                return new(index, VariantStart.Mlp, layer, first, null, [], all);
            default:
                return new(index, VariantStart.Block, layer, first, null, [], all);
        }
    }

    // The first position whose value is not what it was, in any prompt; padding counts only where a metric reads it.
    private int FirstChange(CompiledPlan.Entry[] entries)
    {
        HookPoint point = entries[0].Point;
        ReadOnlySpan<T> own = run.At(point);
        ReadOnlySpan<T> now = Change(entries);
        IReadOnlyList<int> shape = run.Shape(point);
        int axis = point.PositionAxis;
        int inner = shape.Skip(axis + 1).Aggregate(1, (product, extent) => product * extent);
        int length = shape[axis];
        int first = length;
        int rowsBefore = own.Length / inner / length / run.Prompts.Batch;
        for (int row = 0; row < own.Length / inner; row++)
        {
            int column = row % length;
            int prompt = row / length / rowsBefore;
            if (column < first && (scope == LogitScope.All || run.Prompts.IsReal(prompt, column))
                && !own.Slice(row * inner, inner).SequenceEqual(now.Slice(row * inner, inner)))
            {
                first = column;
            }
        }

        return first;
    }
}
