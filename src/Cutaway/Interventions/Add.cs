using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Adds a vector, times a factor (activation addition; Turner et al. 2023).</summary>
public sealed record Add : Intervention
{
    /// <summary>[width], [heads, width], or the activation's own axes.</summary>
    public required Tensor Values { get; init; }

    /// <summary>Factor on the vector.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Adds a vector at a site.</summary>
    public static Add Vector(Site site, Tensor vector, double scale = 1) => new() { Site = site, Values = vector, Factor = scale };

    internal override void Validate(HookPoint point)
    {
        ActivationSource.Validate(Values, point, "the vector");
        if (!double.IsFinite(Factor))
        {
            throw CutawayException.Usage($"adding {Factor} times a vector to '{point.Name}': the factor must be a finite number");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        ReadOnlySpan<T> added = ActivationSource.For<T>(Values, place, vector.Length);
        T factor = T.CreateTruncating(Factor);
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] += factor * added[i];
        }
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place)
    {
        // What is added does not depend on what it is added to.
    }

    /// <summary>Adds to the gradient of the vector what reached one place.</summary>
    /// <param name="gradient">The gradient there.</param>
    /// <param name="place">Which place that is.</param>
    /// <param name="sum">In the shape of <see cref="Values"/>.</param>
    internal void Collect<T>(ReadOnlySpan<T> gradient, in Place place, Span<T> sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T factor = T.CreateTruncating(Factor);
        Span<T> target = sum.Slice(ActivationSource.Offset(Values, place, gradient.Length), gradient.Length);
        for (int i = 0; i < gradient.Length; i++)
        {
            target[i] += factor * gradient[i];
        }
    }
}
