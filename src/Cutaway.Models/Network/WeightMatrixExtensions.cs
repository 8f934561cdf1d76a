using System.Numerics;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Products with stored weights, for analysis.</summary>
public static class WeightMatrixExtensions
{
    /// <summary>weight · vector.</summary>
    /// <param name="weight">[rows, columns].</param>
    /// <param name="vector">[columns].</param>
    /// <param name="pool">Threads to compute on.</param>
    /// <param name="dtype">The precision to compute in.</param>
    /// <returns>[rows].</returns>
    public static double[] Multiply(this WeightMatrix weight, ReadOnlySpan<double> vector, WorkerPool pool, DType dtype)
    {
        if (vector.Length != weight.Columns)
        {
            throw new ArgumentException($"a vector of {vector.Length} does not fit [{weight.Rows}, {weight.Columns}]", nameof(vector));
        }

        return dtype == DType.Float64 ? Product<double>(weight, vector, pool) : Product<float>(weight, vector, pool);
    }

    private static unsafe double[] Product<T>(WeightMatrix weight, ReadOnlySpan<double> vector, WorkerPool pool)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] input = new T[vector.Length];
        for (int i = 0; i < input.Length; i++)
        {
            input[i] = T.CreateTruncating(vector[i]);
        }

        T[] output = new T[weight.Rows];
        fixed (T* x = input)
        fixed (T* y = output)
        {
            MatrixProduct.Linear(pool, new MatrixView<T>(x, 1, weight.Columns, weight.Columns), weight, null, new MatrixView<T>(y, 1, weight.Rows, weight.Rows));
        }

        return Array.ConvertAll(output, double.CreateTruncating);
    }
}
