using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Keeps values, or the coefficient along a direction, between two bounds.</summary>
public sealed record Clamp : Intervention
{
    /// <summary>[width]: clamps the coefficient along this direction instead of each value; null clamps each value.</summary>
    public Tensor? Direction { get; init; }

    /// <summary>The lower bound.</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>The upper bound.</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    internal override void Validate(HookPoint point)
    {
        if (double.IsNaN(Minimum) || double.IsNaN(Maximum) || Minimum > Maximum)
        {
            throw CutawayException.Usage($"clamping '{point.Name}': minimum {Minimum} is above maximum {Maximum}");
        }

        if (Direction is not null && (Direction.Shape.Count != 1 || Direction.Shape[0] != point.Extents[^1]))
        {
            throw CutawayException.Usage($"the direction for '{point.Name}' has shape [{string.Join(", ", Direction.Shape)}]; expected [{point.Extents[^1]}]");
        }

        if (Direction is not null && (Direction.ToDoubles().All(value => value == 0) || !Direction.ToDoubles().All(double.IsFinite)))
        {
            throw CutawayException.Usage($"the direction for '{point.Name}' is zero or not finite");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        T low = T.CreateTruncating(Minimum);
        T high = T.CreateTruncating(Maximum);
        if (Direction is null)
        {
            for (int i = 0; i < vector.Length; i++)
            {
                vector[i] = T.Clamp(vector[i], low, high);
            }

            return;
        }

        ReadOnlySpan<T> direction = Direction.To<T>();
        (T along, T norm) = Along(vector, direction);
        T change = (T.Clamp(along, low, high) - along) / norm;
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] += change * direction[i];
        }
    }

    internal override bool GradientReadsValues => true;

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place)
    {
        T low = T.CreateTruncating(Minimum);
        T high = T.CreateTruncating(Maximum);
        if (Direction is null)
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] = before[i] < low || before[i] > high ? T.Zero : gradient[i];
            }

            return;
        }

        ReadOnlySpan<T> direction = Direction.To<T>();
        (T along, T norm) = Along(before, direction);
        if (along >= low && along <= high)
        {
            return;
        }

        // Where the coefficient is held, nothing passes along the direction.
        (T kept, _) = Along(gradient, direction);
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] -= kept / norm * direction[i];
        }
    }

    // The coefficient of a vector along a direction, and the direction's length.
    private static (T Along, T Norm) Along<T>(ReadOnlySpan<T> vector, ReadOnlySpan<T> direction)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T dot = T.Zero;
        T squares = T.Zero;
        for (int i = 0; i < vector.Length; i++)
        {
            dot += vector[i] * direction[i];
            squares += direction[i] * direction[i];
        }

        T norm = T.Sqrt(squares);
        return (dot / norm, norm);
    }
}
