using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Runs;

/// <summary>Carries out a compiled plan during a forward pass.</summary>
internal sealed class PlanListener<T>(CompiledPlan plan) : IGradientListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<Add, T[]> vectors = [];

    /// <summary>What was captured, by hook name.</summary>
    public Dictionary<string, Tensor> Captured { get; } = new(StringComparer.Ordinal);

    /// <summary>The gradients that were captured, by hook name.</summary>
    public Dictionary<string, Tensor> Gradients { get; } = new(StringComparer.Ordinal);

    /// <summary>The pass of a generation: 0 while the prompt is read.</summary>
    public int Step { get; set; }

    public int Last => plan.Last;

    public bool Wants(int index)
    {
        List<CompiledPlan.Entry>? entries = plan.At(index);
        if (entries is null)
        {
            return false;
        }

        foreach (CompiledPlan.Entry entry in entries)
        {
            if (entry.Item is not Intervention intervention || Holds(intervention))
            {
                return true;
            }
        }

        return false;
    }

    public void Visit(in Activation<T> activation)
    {
        foreach (CompiledPlan.Entry entry in plan.At(activation.Point.Index)!)
        {
            if (entry.Item is Capture capture)
            {
                Captured[activation.Point.Name] = Keep(entry, capture.Store, activation);
                entry.Fired = true;
            }
            else if (entry.Item is Intervention intervention && Holds(intervention))
            {
                entry.Fired |= Apply(entry, intervention, activation, Step);
            }
        }
    }

    public bool Changes(int index) => Any(index, item => item is Intervention);

    public bool ChangeWantsGradient(int index) => Any(index, item => item is Add);

    public bool WantsGradient(int index) => Any(index, item => item is CaptureGradient);

    public void Gradient(in Activation<T> gradient)
    {
        CompiledPlan.Entry entry = plan.At(gradient.Point.Index)!.Find(entry => entry.Item is CaptureGradient)!;
        Gradients[gradient.Point.Name] = Keep(entry, null, gradient);
        entry.Fired = true;
    }

    public void Change(in Activation<T> gradient, ReadOnlySpan<T> before)
    {
        List<CompiledPlan.Entry> changes = plan.At(gradient.Point.Index)!.FindAll(entry => entry.Item is Intervention);
        for (int i = changes.Count - 1; i >= 0; i--)
        {
            Intervention intervention = (Intervention)changes[i].Item;
            ReadOnlySpan<T> values = i > 0 && intervention.GradientReadsValues ? Remade(changes[..i], gradient, before) : before;
            Walker walker = new(changes[i], gradient.Shape, gradient.Past);
            while (walker.Next())
            {
                Span<T> vector = gradient.Values.Slice(walker.Offset, walker.Width);
                Place place = walker.Place(gradient.Point);
                if (intervention is Add addition)
                {
                    addition.Collect(vector, place, VectorOf(addition));
                }

                intervention.Backward(vector, values.Slice(walker.Offset, walker.Width), place);
            }
        }
    }

    /// <summary>The gradients of the vectors that the plan adds.</summary>
    public Dictionary<Add, Tensor> VectorGradients() => plan.Entries.Select(entry => entry.Item).OfType<Add>().Distinct()
        .ToDictionary(addition => addition, addition => Tensor.CopyOf<T>(VectorOf(addition), [.. addition.Values.Shape], addition.Values.Axes));

    // What a change saw is made again from what the first change at its place saw.
    private static T[] Remade(List<CompiledPlan.Entry> changes, in Activation<T> activation, ReadOnlySpan<T> before)
    {
        T[] values = before.ToArray();
        Activation<T> remade = new() { Point = activation.Point, Values = values, Shape = activation.Shape, Past = activation.Past };
        foreach (CompiledPlan.Entry change in changes)
        {
            Apply(change, (Intervention)change.Item, remade);
        }

        return values;
    }

    private T[] VectorOf(Add addition)
    {
        if (!vectors.TryGetValue(addition, out T[]? sum))
        {
            vectors.Add(addition, sum = new T[addition.Values.Count]);
        }

        return sum;
    }

    private bool Any(int index, Predicate<PlanItem> kind) => plan.At(index)?.Exists(entry => kind(entry.Item)) == true;

    /// <summary>Throws if an entry of the plan did nothing: a hook that did not fire is an error.</summary>
    /// <param name="length">Positions that were run.</param>
    public void CheckFired(int length)
    {
        foreach (CompiledPlan.Entry entry in plan.Entries)
        {
            // A generation that ended with its first token had no step for what holds in later ones.
            if (!entry.Fired && (Step > 0 || entry.Item is not Intervention { Phase: Phase.Generated }))
            {
                string why = entry.Columns is null
                    ? "the run did not reach it"
                    : $"positions {string.Join(",", entry.Item.Site.Positions!)} were not among the {length} that were run while it held";
                throw CutawayException.Usage($"{entry.Item.GetType().Name} at '{entry.Point.Name}' did nothing: {why}");
            }
        }
    }

    private bool Holds(Intervention intervention) =>
        intervention.Phase == Phase.Always || (intervention.Phase == Phase.Generated) == Step > 0;

    /// <summary>Carries out an entry at every place it chooses.</summary>
    /// <returns>Whether there was any.</returns>
    public static bool Apply(CompiledPlan.Entry entry, Intervention intervention, in Activation<T> activation, int step = 0)
    {
        bool any = false;
        Walker walker = new(entry, activation.Shape, activation.Past);
        while (walker.Next())
        {
            intervention.Apply(activation.Values.Slice(walker.Offset, walker.Width), walker.Place(entry.Point) with { Step = step });
            any = true;
        }

        return any;
    }

    private static Tensor Keep(CompiledPlan.Entry entry, DType? store, in Activation<T> activation)
    {
        HookPoint point = entry.Point;
        int[] shape = activation.Shape.ToArray();
        ReadOnlySpan<T> values = activation.Values;
        if (entry.Heads is not null || entry.Columns is not null)
        {
            if (entry.Heads is not null)
            {
                shape[point.HeadAxis] = entry.Heads.Length;
            }

            if (entry.Columns is not null)
            {
                shape[point.PositionAxis] = entry.Columns[0].Length;
            }

            T[] kept = new T[shape.Aggregate(1, (product, extent) => product * extent)];
            int next = 0;
            Walker walker = new(entry, activation.Shape, activation.Past);
            while (walker.Next())
            {
                values.Slice(walker.Offset, walker.Width).CopyTo(kept.AsSpan(next));
                next += walker.Width;
            }

            values = kept;
        }

        Tensor tensor = Tensor.CopyOf(values, shape, point.Axes);
        return store is { } dtype ? tensor.To(dtype) : tensor;
    }

    /// <summary>Walks over the chosen vectors of an activation, in the order of its axes.</summary>
    private struct Walker
    {
        private readonly CompiledPlan.Entry entry;
        private readonly int past;
        private readonly int extent0;
        private readonly int extent1;
        private readonly int extent2;
        private readonly bool headFirst;
        private int i0;
        private int i1;
        private int i2;

        public Walker(CompiledPlan.Entry entry, ReadOnlySpan<int> shape, int past)
        {
            this.entry = entry;
            this.past = past;
            extent0 = shape[0];
            extent1 = shape[1];
            extent2 = shape.Length == 4 ? shape[2] : 1;
            Width = shape[^1];
            headFirst = entry.Point.HeadAxis == 1;
            i2 = -1;
        }

        public int Width { get; }

        public readonly int Offset => ((((i0 * extent1) + A) * extent2) + B) * Width;

        // Axis 1 is the head of scores and patterns, and the position of everything else.
        private readonly int Count1 => Chosen1?.Length ?? extent1;

        private readonly int Count2 => Chosen2?.Length ?? extent2;

        private readonly int[]? Chosen1 => headFirst ? entry.Heads : entry.Columns?[i0];

        private readonly int[]? Chosen2 => headFirst ? entry.Columns?[i0] : entry.Heads;

        private readonly int A => Chosen1 is { } chosen ? chosen[i1] - (headFirst ? 0 : past) : i1;

        private readonly int B => Chosen2 is { } chosen ? chosen[i2] - (headFirst ? past : 0) : i2;

        public bool Next()
        {
            do
            {
                if (++i2 >= Count2)
                {
                    i2 = 0;
                    if (++i1 >= Count1)
                    {
                        i1 = 0;
                        if (++i0 >= extent0)
                        {
                            return false;
                        }
                    }
                }
            }
            while ((uint)A >= (uint)extent1 || (uint)B >= (uint)extent2);

            return true;
        }

        public readonly Place Place(HookPoint point) => headFirst
            ? new(point, i0, B + past, A) { Padding = Padding }
            : new(point, i0, A + past, point.HeadAxis >= 0 ? B : -1) { Padding = Padding };

        // While one prompt is read for several continuations, there are fewer sequences than compiled for, and never more.
        private readonly int Padding => entry.Padding[i0];
    }
}
