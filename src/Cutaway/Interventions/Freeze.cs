using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Holds an activation (a pattern, a norm's scale, a head) at what it was in another run, whatever else is changed.</summary>
public sealed record Freeze : Intervention
{
    /// <summary>The activation's own axes, with or without batch.</summary>
    public required Tensor Values { get; init; }

    internal override bool Overwrites => true;

    /// <summary>Holds a site at what a run captured there.</summary>
    public static Freeze At(Site site, Run from) => new() { Site = site, Values = from.Captured(site) };

    internal override void Validate(HookPoint point)
    {
        ActivationSource.Validate(Values, point, "the frozen value");
        if (Values.Shape.Count < point.Axes.Count - 1)
        {
            throw CutawayException.Usage($"freezing '{point.Name}' needs a whole activation ({string.Join(", ", point.Axes)}); got [{string.Join(", ", Values.Shape)}]");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place) =>
        ActivationSource.For<T>(Values, place, vector.Length).CopyTo(vector);

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place) => gradient.Clear();
}
