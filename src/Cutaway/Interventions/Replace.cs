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

    /// <summary>Which elements of each vector (neurons, keys of a pattern) are replaced; null for all.</summary>
    public IReadOnlyList<int>? Elements { get; init; }

    // Elements that are left keep what they were, so changes before are not lost.
    internal override bool Overwrites => Elements is null;

    /// <summary>Puts one vector, or a whole activation, in place.</summary>
    public static Replace With(Site site, Tensor values) => new() { Site = site, Values = values };

    /// <summary>Puts the values that another run captured at the same site in place.</summary>
    public static Replace With(Site site, Run from) => new() { Site = site, Values = from.Captured(site) };

    internal override void Validate(HookPoint point)
    {
        ActivationSource.Validate(Values, point, "the replacement");
        foreach (int element in Elements ?? [])
        {
            if ((uint)element >= (uint)Values.Shape[^1])
            {
                throw CutawayException.Usage($"element {element} of '{point.Name}': the replacement has elements 0 to {Values.Shape[^1] - 1}");
            }
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        ReadOnlySpan<T> values = ActivationSource.For<T>(Values, place, vector.Length);
        if (Elements is null)
        {
            values.CopyTo(vector);
            return;
        }

        foreach (int element in Elements)
        {
            vector[element] = values[element];
        }
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place)
    {
        if (Elements is null)
        {
            gradient.Clear();
            return;
        }

        foreach (int element in Elements)
        {
            gradient[element] = T.Zero;
        }
    }
}
