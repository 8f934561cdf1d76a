using System.Buffers;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Maps an activation: x becomes matrix · x + bias.</summary>
public sealed record Affine : Intervention
{
    /// <summary>[width, width].</summary>
    public required Tensor Matrix { get; init; }

    /// <summary>[width], or null for none.</summary>
    public Tensor? Bias { get; init; }

    internal override void Validate(HookPoint point)
    {
        int width = point.Extents[^1];
        if (Matrix.Shape.Count != 2 || Matrix.Shape[0] != width || Matrix.Shape[1] != width || (Bias is not null && (Bias.Shape.Count != 1 || Bias.Shape[0] != width)))
        {
            throw CutawayException.Usage($"an affine map of '{point.Name}' needs a matrix [{width}, {width}] and a bias [{width}]; got [{string.Join(", ", Matrix.Shape)}]");
        }
    }

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        ReadOnlySpan<T> matrix = Matrix.To<T>();
        ReadOnlySpan<T> bias = Bias is null ? default : Bias.To<T>();
        int width = vector.Length;
        T[] mapped = ArrayPool<T>.Shared.Rent(width);
        for (int row = 0; row < width; row++)
        {
            T sum = bias.IsEmpty ? T.Zero : bias[row];
            for (int i = 0; i < width; i++)
            {
                sum += matrix[(row * width) + i] * vector[i];
            }

            mapped[row] = sum;
        }

        mapped.AsSpan(0, width).CopyTo(vector);
        ArrayPool<T>.Shared.Return(mapped);
    }

    internal override void Backward<T>(Span<T> gradient, ReadOnlySpan<T> before, in Place place)
    {
        ReadOnlySpan<T> matrix = Matrix.To<T>();
        int width = gradient.Length;
        T[] mapped = ArrayPool<T>.Shared.Rent(width);
        mapped.AsSpan(0, width).Clear();
        for (int row = 0; row < width; row++)
        {
            for (int i = 0; i < width; i++)
            {
                mapped[i] += matrix[(row * width) + i] * gradient[row];
            }
        }

        mapped.AsSpan(0, width).CopyTo(gradient);
        ArrayPool<T>.Shared.Return(mapped);
    }
}
