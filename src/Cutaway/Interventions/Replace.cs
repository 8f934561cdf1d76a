using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Puts other values in an activation's place: a vector, or those of another run (activation patching).</summary>
public sealed record Replace : Intervention
{
    /// <summary>[width], [heads, width], or the activation's own axes with or without batch.</summary>
    public required Tensor Values { get; init; }

    internal override bool Overwrites => true;

    /// <summary>Puts one vector, or a whole activation, in place.</summary>
    public static Replace With(Site site, Tensor values) => new() { Site = site, Values = values };

    /// <summary>Puts the values that another run captured at the same site in place.</summary>
    public static Replace With(Site site, Run from) => new() { Site = site, Values = from.Captured(site) };

    internal override void Validate(HookPoint point) => ActivationSource.Validate(Values, point, "the replacement");

    internal override void Apply<T>(Span<T> vector, in Place place) =>
        ActivationSource.For<T>(Values, place, vector.Length).CopyTo(vector);
}
