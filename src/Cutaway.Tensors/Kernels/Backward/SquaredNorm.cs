using System.Numerics;
using System.Numerics.Tensors;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The squared length of a gradient, for clipping.</summary>
public static class SquaredNorm
{
    // Squares are summed in T within a run and in double precision over the runs.
    private const int Run = 512;

    /// <summary>Σ x², in one fixed order.</summary>
    public static double Of<T>(ReadOnlySpan<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double sum = 0;
        for (int start = 0; start < x.Length; start += Run)
        {
            sum += double.CreateTruncating(TensorPrimitives.SumOfSquares(x.Slice(start, Math.Min(Run, x.Length - start))));
        }

        return sum;
    }
}
