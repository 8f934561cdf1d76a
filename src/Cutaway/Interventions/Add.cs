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
}
