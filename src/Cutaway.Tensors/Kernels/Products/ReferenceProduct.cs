using System.Numerics;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Products by their definition, one element after the other: what the fast ones are compared with.</summary>
internal static unsafe class ReferenceProduct
{
    /// <summary>c = alpha · a · b, or c += alpha · a · b.</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">[m, n]; must not overlap a or b.</param>
    /// <param name="alpha">A factor on the product.</param>
    /// <param name="accumulate">Whether to add to what c holds.</param>
    public static void Multiply<T>(MatrixView<T> a, MatrixView<T> b, MatrixView<T> c, T alpha, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < c.Rows; i++)
        {
            for (int j = 0; j < c.Columns; j++)
            {
                T sum = T.Zero;
                T* x = a.Pointer + (i * a.RowStride);
                T* y = b.Pointer + (j * b.ColumnStride);
                for (int k = 0; k < a.Columns; k++)
                {
                    sum = T.FusedMultiplyAdd(x[k * a.ColumnStride], y[k * b.RowStride], sum);
                }

                T* target = c.Pointer + (i * c.RowStride) + (j * c.ColumnStride);
                *target = accumulate ? *target + (alpha * sum) : alpha * sum;
            }
        }
    }

    /// <summary>y = x · wᵀ (+ bias).</summary>
    /// <param name="x">[m, inputs] with unit column stride.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <param name="y">[m, outputs] with unit column stride; must not overlap x.</param>
    public static void Linear<T>(MatrixView<T> x, WeightMatrix weight, T* bias, MatrixView<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] row = new T[weight.Columns];
        for (int j = 0; j < weight.Rows; j++)
        {
            weight.DecodeRow<T>(j, row);
            for (int i = 0; i < x.Rows; i++)
            {
                T sum = T.Zero;
                T* input = x.Pointer + (i * x.RowStride);
                for (int k = 0; k < row.Length; k++)
                {
                    sum = T.FusedMultiplyAdd(input[k], row[k], sum);
                }

                y.Pointer[(i * y.RowStride) + j] = bias is null ? sum : sum + bias[j];
            }
        }

        GC.KeepAlive(weight);
    }
}
