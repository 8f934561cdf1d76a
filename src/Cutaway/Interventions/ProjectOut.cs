using System.Runtime.CompilerServices;
using Cutaway.Models.Network;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Removes the component along one direction or a span of them: x - Σ (x·u) u over an orthonormal basis u (Arditi et al. 2024, eq. 4).</summary>
public sealed record ProjectOut : Intervention
{
    // Kept beside the records: a copy of one with other directions must not inherit its basis, nor equality ask for it.
    private static readonly ConditionalWeakTable<ProjectOut, Tensor> Bases = [];

    /// <summary>[width], or [directions, width]; they need be neither unit nor orthogonal.</summary>
    public required Tensor Directions { get; init; }

    /// <summary>Removes one direction at a site.</summary>
    public static ProjectOut Direction(Site site, Tensor direction) => new() { Site = site, Directions = direction };

    internal override void Validate(HookPoint point)
    {
        if (Directions.Shape.Count is not (1 or 2) || Directions.Shape[^1] != point.Extents[^1])
        {
            throw CutawayException.Usage(
                $"directions for '{point.Name}' have shape [{string.Join(", ", Directions.Shape)}]; expected [{point.Extents[^1]}] or [directions, {point.Extents[^1]}]");
        }

        _ = Basis();
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        Tensor basis = Basis();
        ReadOnlySpan<T> rows = basis.To<T>();
        for (int row = 0; row < basis.Shape[0]; row++)
        {
            ReadOnlySpan<T> u = rows.Slice(row * vector.Length, vector.Length);
            T along = T.Zero;
            for (int i = 0; i < vector.Length; i++)
            {
                along += vector[i] * u[i];
            }

            for (int i = 0; i < vector.Length; i++)
            {
                vector[i] -= along * u[i];
            }
        }
    }

    // A projection is its own transpose.
    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place) => Apply(gradient, place);

    private Tensor Basis() => Bases.GetValue(this, record => Orthonormal(record.Directions));

    /// <summary>An orthonormal basis of the span, by modified Gram-Schmidt in double precision.</summary>
    private static Tensor Orthonormal(Tensor directions)
    {
        int width = directions.Shape[^1];
        double[] values = directions.ToDoubles();
        List<double> kept = [];
        for (int row = 0; row < values.Length / width; row++)
        {
            Span<double> v = values.AsSpan(row * width, width);
            double before = Norm(v);
            for (int k = 0; k < kept.Count / width; k++)
            {
                double along = 0;
                for (int i = 0; i < width; i++)
                {
                    along += v[i] * kept[(k * width) + i];
                }

                for (int i = 0; i < width; i++)
                {
                    v[i] -= along * kept[(k * width) + i];
                }
            }

            double norm = Norm(v);
            if (!double.IsFinite(norm) || norm <= 1e-10 * before || before == 0)
            {
                if (before == 0 || !double.IsFinite(norm))
                {
                    throw CutawayException.Usage("a direction to project out is zero or not finite");
                }

                continue;
            }

            for (int i = 0; i < width; i++)
            {
                kept.Add(v[i] / norm);
            }
        }

        return Tensor.Of(kept.ToArray(), [kept.Count / width, width]);
    }

    private static double Norm(ReadOnlySpan<double> v)
    {
        double squares = 0;
        foreach (double value in v)
        {
            squares += value * value;
        }

        return Math.Sqrt(squares);
    }
}
