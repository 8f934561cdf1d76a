using Cutaway.Models.Network;
using Cutaway.Sites;

namespace Cutaway.Interventions;

/// <summary>Multiplies an activation by a number.</summary>
public sealed record Scale : Intervention
{
    /// <summary>The number.</summary>
    public required double Factor { get; init; }

    /// <summary>Multiplies a site by a number.</summary>
    public static Scale By(Site site, double factor) => new() { Site = site, Factor = factor };

    internal override void Validate(HookPoint point)
    {
        if (!double.IsFinite(Factor))
        {
            throw CutawayException.Usage($"scaling '{point.Name}' by {Factor}: the factor must be a finite number");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        T factor = T.CreateTruncating(Factor);
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place) => Apply(gradient, place);
}
