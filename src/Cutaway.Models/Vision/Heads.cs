using Cutaway.Models.Network;

namespace Cutaway.Models.Vision;

/// <summary>Linear maps of single vectors, in double precision.</summary>
internal static class Heads
{
    /// <summary>weight · x + bias.</summary>
    public static double[] Apply(LinearWeights head, ReadOnlySpan<double> x)
    {
        double[] result = new double[head.Weight.Rows];
        double[] row = new double[head.Weight.Columns];
        for (int i = 0; i < result.Length; i++)
        {
            head.Weight.DecodeRow<double>(i, row);
            double sum = head.Bias?.Float64[i] ?? 0;
            for (int j = 0; j < row.Length; j++)
            {
                sum += row[j] * x[j];
            }

            result[i] = sum;
        }

        return result;
    }

    /// <summary>A vector of length 1 in the same direction.</summary>
    public static double[] Normalized(ReadOnlySpan<double> x)
    {
        double length = Math.Sqrt(System.Numerics.Tensors.TensorPrimitives.SumOfSquares(x));
        return Array.ConvertAll(x.ToArray(), value => value / length);
    }
}
