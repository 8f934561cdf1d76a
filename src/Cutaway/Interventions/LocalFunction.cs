using System.Buffers;
using Cutaway.Models.Network;
using Cutaway.Sites;

namespace Cutaway.Interventions;

/// <summary>Where a local function is being called.</summary>
/// <param name="Site">The hook point's name.</param>
/// <param name="Sequence">Index into the batch.</param>
/// <param name="Position">Position in the text, the prompt counted; padding in front of it has negative ones.</param>
/// <param name="Head">Head, or -1.</param>
public readonly record struct FunctionContext(string Site, int Sequence, int Position, int Head)
{
    /// <summary>The pass of a generation: 0 while the prompt is read, and in every run; i while generated token i - 1 is read.</summary>
    public int Step { get; init; }
}

/// <summary>Changes a vector in place.</summary>
/// <param name="vector">The values at one place, in double precision.</param>
/// <param name="context">Which place that is.</param>
public delegate void VectorFunction(Span<double> vector, FunctionContext context);

/// <summary>A change by code. It runs here only: it cannot be saved or sent (<see cref="Plans.ToJson"/> refuses it).</summary>
public sealed record LocalFunction : Intervention
{
    /// <summary>The code.</summary>
    public required VectorFunction Function { get; init; }

    /// <summary>Calls code at a site.</summary>
    public static LocalFunction At(Site site, VectorFunction function) => new() { Site = site, Function = function };

    internal override void Validate(HookPoint point) => _ = point;

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(vector.Length);
        Span<double> values = rented.AsSpan(0, vector.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = double.CreateTruncating(vector[i]);
        }

        Function(values, new FunctionContext(place.Point.Name, place.Sequence, place.Position - place.Padding, place.Head) { Step = place.Step });
        for (int i = 0; i < values.Length; i++)
        {
            vector[i] = T.CreateTruncating(values[i]);
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place) => throw NotDifferentiable(place.Point.Name);

    /// <summary>The error where a gradient would have to pass code.</summary>
    internal static CutawayException NotDifferentiable(string point) => CutawayException.Usage(
        $"the local function at '{point}' is code, which has no gradient, and a gradient is asked for before it; use a record such as Add, Scale or Affine, or ask after it");
}
