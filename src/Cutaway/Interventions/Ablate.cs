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
    private Tensor? mean;

    /// <summary>What it becomes.</summary>
    public AblationMode Mode { get; init; }

    /// <summary>The reference for mean and resample: the activation's own axes, batch first; for mean also [width] or [heads, width].</summary>
    public Tensor? Values { get; init; }

    /// <summary>Chooses the reference sequence of each sequence when resampling.</summary>
    public int Seed { get; init; }

    internal override bool Overwrites => true;

    /// <summary>Zero ablation.</summary>
    public static Ablate Zero(Site site) => new() { Site = site };

    /// <summary>Mean ablation over what a run captured at the site.</summary>
    public static Ablate Mean(Site site, Run over) => new() { Site = site, Mode = AblationMode.Mean, Values = over.Captured(site) };

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
                mean ??= MeanOf(Values!, place.Point);
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

    /// <summary>The mean over everything but heads and the last axis.</summary>
    private static Tensor MeanOf(Tensor values, HookPoint point)
    {
        int width = values.Shape[^1];
        bool perHead = point.HeadAxis >= 0 && values.Shape.Count >= 2;
        int heads = perHead ? point.Extents[point.HeadAxis] : 1;
        if (values.Shape.Count == 1 || (perHead && values.Shape.Count == 2))
        {
            return values;
        }

        int first = point.Axes.Count - values.Shape.Count;
        int inner = 1;
        for (int axis = point.HeadAxis + 1; perHead && axis < point.Axes.Count - 1; axis++)
        {
            inner *= values.Shape[axis - first];
        }

        double[] sum = new double[heads * width];
        int places = values.Count / width;
        for (int i = 0; i < places; i++)
        {
            int head = perHead ? i / inner % heads : 0;
            for (int j = 0; j < width; j++)
            {
                sum[(head * width) + j] += values.At((i * width) + j);
            }
        }

        double count = (double)places / heads;
        double[] mean = Array.ConvertAll(sum, value => value / count);
        return perHead ? Tensor.Of(mean, [heads, width]) : Tensor.Of(mean, [width]);
    }
}
