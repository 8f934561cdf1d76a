using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Interventions;

/// <summary>In which part of a generation an intervention holds.</summary>
public enum Phase
{
    /// <summary>While the prompt is read and in every generated step.</summary>
    Always,

    /// <summary>While the prompt is read only.</summary>
    Prompt,

    /// <summary>In generated steps only.</summary>
    Generated,
}

/// <summary>How phases relate.</summary>
internal static class Phases
{
    /// <summary>Whether there is a step in which both hold.</summary>
    public static bool Meets(this Phase phase, Phase other) => phase == other || phase == Phase.Always || other == Phase.Always;
}

/// <summary>A change of an activation, as data: it can be checked before anything runs, printed, saved and sent.</summary>
public abstract record Intervention : PlanItem
{
    /// <summary>In which part of a generation it holds.</summary>
    public Phase Phase { get; init; }

    /// <summary>Whether it sets the activation whatever it was, so that two of them at one place contradict each other.</summary>
    internal virtual bool Overwrites => false;

    /// <summary>Checks the record against a hook point it will act on.</summary>
    /// <exception cref="CutawayException">A shape or a value does not fit.</exception>
    internal abstract void Validate(HookPoint point);

    /// <summary>Changes one vector (the last axis) of the activation in place.</summary>
    /// <param name="vector">The values at one place.</param>
    /// <param name="place">Which place that is.</param>
    internal abstract void Apply<T>(Span<T> vector, in Place place)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Whether <see cref="Backward"/> reads the vector as it was before the change.</summary>
    internal virtual bool GradientReadsValues => false;

    /// <summary>Turns the gradient after the change into the gradient before it, in place.</summary>
    /// <param name="gradient">The gradient at one place.</param>
    /// <param name="before">The vector before the change, where <see cref="GradientReadsValues"/>; else anything.</param>
    /// <param name="place">Which place that is.</param>
    internal abstract void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>A place within an activation: the indices of its axes but the last.</summary>
/// <param name="Point">The hook point.</param>
/// <param name="Sequence">Index into the batch.</param>
/// <param name="Position">Position in the text (of the query, where there are two), counted from the first one held in the cache.</param>
/// <param name="Head">Head, or -1.</param>
internal readonly record struct Place(HookPoint Point, int Sequence, int Position, int Head)
{
    /// <summary>Positions of the sequence that are padding in front of the text.</summary>
    public int Padding { get; init; }

    /// <summary>The pass of a generation, 0 for the prompt.</summary>
    public int Step { get; init; }
}
