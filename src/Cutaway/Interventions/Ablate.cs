using System.Runtime.CompilerServices;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>What an ablated activation becomes.</summary>
public enum AblationMode
{
    /// <summary>Zero.</summary>
    Zero,

    /// <summary>Its mean over a reference: <see cref="Ablate.Values"/> is averaged over sequences and positions.</summary>
    Mean,

    /// <summary>What it was at the same position of a sequence drawn from a reference.</summary>
    Resample,
}

/// <summary>Takes out what an activation says, by one of the usual substitutes.</summary>
public sealed record Ablate : Intervention
{
    // Kept beside the records: a copy of one with another reference must not inherit its mean, nor equality ask for it.
    private static readonly ConditionalWeakTable<Ablate, Tensor> Means = [];

    /// <summary>What it becomes.</summary>
    public AblationMode Mode { get; init; }

    /// <summary>The reference for mean and resample: the activation's own axes, batch first; for mean also [width] or [heads, width].</summary>
    public Tensor? Values { get; init; }

    /// <summary>Chooses the reference sequence of each sequence when resampling.</summary>
    public int Seed { get; init; }

    internal override bool Overwrites => true;

    /// <summary>Zero ablation.</summary>
    public static Ablate Zero(Site site) => new() { Site = site };

    /// <summary>Mean ablation over what a run captured at the site, padding left out.</summary>
    public static Ablate Mean(Site site, Run over)
    {
        Tensor captured = over.Captured(site);
        return new() { Site = site, Mode = AblationMode.Mean, Values = MeanOf(captured, site.Resolve(over.Model.Network.Hooks)[0], over.Tokens) };
    }

    /// <summary>Resample ablation from what a run captured at the site.</summary>
    public static Ablate Resample(Site site, Run from, int seed = 0) =>
        new() { Site = site, Mode = AblationMode.Resample, Values = from.Captured(site), Seed = seed };

    internal override void Validate(HookPoint point)
    {
        if (Mode == AblationMode.Zero)
        {
            return;
        }

        if (Values is null)
        {
            throw CutawayException.Usage($"{Mode} ablation of '{point.Name}' needs reference values (a captured activation)");
        }

        ActivationSource.Validate(Values, point, "the reference");
        if (Mode == AblationMode.Resample && Values.Shape.Count != point.Axes.Count)
        {
            throw CutawayException.Usage($"resampling '{point.Name}' needs a reference with a batch axis ({string.Join(", ", point.Axes)}); got [{string.Join(", ", Values.Shape)}]");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        switch (Mode)
        {
            case AblationMode.Mean:
                if (!Means.TryGetValue(this, out Tensor? mean))
                {
                    mean = MeanOf(Values!, place.Point, null);
                    Means.AddOrUpdate(this, mean);
                }

                ActivationSource.For<T>(mean, place, vector.Length).CopyTo(vector);
                break;
            case AblationMode.Resample:
                SeededRandom random = new(((ulong)(uint)Seed << 32) | (uint)place.Sequence);
                Place drawn = place with { Sequence = random.Next(Values!.Shape[0]) };
                ActivationSource.For<T>(Values, drawn, vector.Length).CopyTo(vector);
                break;
            default:
                vector.Clear();
                break;
        }
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place) => gradient.Clear();

    /// <summary>The mean over everything but heads and the last axis.</summary>
    /// <param name="values">[width], [heads, width], or the activation's own axes with or without batch.</param>
    /// <param name="point">The hook point.</param>
    /// <param name="tokens">The sequences they come from, whose padding is left out; null to take everything.</param>
    private static Tensor MeanOf(Tensor values, HookPoint point, TokenBatch? tokens)
    {
        int width = values.Shape[^1];
        int first = point.Axes.Count - values.Shape.Count;
        bool perHead = point.HeadAxis >= 0 && values.Shape.Count >= 2;
        if (values.Shape.Count == 1 || (perHead && values.Shape.Count == 2))
        {
            return values;
        }

        int heads = perHead ? point.Extents[point.HeadAxis] : 1;
        double[] sum = new double[heads * width];
        int places = 0;
        int[] index = new int[point.Axes.Count - 1];
        for (int i = 0; i < values.Count / width; i++)
        {
            int rest = i;
            for (int axis = index.Length - 1; axis >= first; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, values.Shape[axis - first]);
            }

            if (tokens?.IsReal(index[0], index[point.PositionAxis]) == false)
            {
                continue;
            }

            int head = perHead ? index[point.HeadAxis] : 0;
            places += head == 0 ? 1 : 0;
            for (int j = 0; j < width; j++)
            {
                sum[(head * width) + j] += values.At((i * width) + j);
            }
        }

        double[] mean = Array.ConvertAll(sum, value => value / places);
        return perHead ? Tensor.Of(mean, [heads, width]) : Tensor.Of(mean, [width]);
    }
}
