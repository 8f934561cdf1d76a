using System.Numerics;
using Cutaway.Tensors.Kernels.Products;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels;

/// <summary>Matrix products. Each output element sums over the inner axis in one fixed order, whatever the thread count and the number of rows.</summary>
public static unsafe class MatrixProduct
{
    /// <summary>c = alpha · a · b, or c += alpha · a · b.</summary>
    /// <param name="pool">Threads to share the output tiles; null computes on the caller alone.</param>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">[m, n]; must not overlap a or b.</param>
    /// <param name="alpha">A factor on the product.</param>
    /// <param name="accumulate">Whether to add to what c holds.</param>
    public static void Multiply<T>(WorkerPool? pool, MatrixView<T> a, MatrixView<T> b, MatrixView<T> c, T alpha, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (c.ColumnStride != 1 && c.RowStride == 1)
        {
            (a, b, c) = (b.Transpose(), a.Transpose(), c.Transpose());
        }

        if (c.Rows == 0 || c.Columns == 0)
        {
            return;
        }

        ProductTarget<T> target = new(c, alpha, null, accumulate);
        if (a.ColumnStride == 1 && b.RowStride == 1)
        {
            ProductKernels.Rows(pool, a, new ViewRows<T>(b.Transpose()), target);
        }
        else
        {
            ProductKernels.Panels(pool, a, new ViewColumns<T>(b), target);
        }
    }

    /// <summary>As <see cref="Multiply{T}(WorkerPool, MatrixView{T}, MatrixView{T}, MatrixView{T}, T, bool)"/>, on memory that the collector may move otherwise.</summary>
    /// <param name="pool">Threads to share the output tiles; null computes on the caller alone.</param>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">[m, n], rows <paramref name="stride"/> apart; must not overlap a or b.</param>
    /// <param name="stride">Elements from one row of c to the next.</param>
    /// <param name="alpha">A factor on the product.</param>
    /// <param name="accumulate">Whether to add to what c holds.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Multiply<T>(WorkerPool? pool, SpanMatrix<T> a, SpanMatrix<T> b, Span<T> c, int stride, T alpha, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (a.Columns != b.Rows || stride < b.Columns || (a.Rows > 0 && ((a.Rows - 1L) * stride) + b.Columns > c.Length))
        {
            throw new ArgumentException($"[{a.Rows}, {a.Columns}] · [{b.Rows}, {b.Columns}] does not fit into {c.Length} values, rows {stride} apart", nameof(c));
        }

        fixed (T* left = a.Values)
        fixed (T* right = b.Values)
        fixed (T* target = c)
        {
            Multiply(
                pool,
                new MatrixView<T>((nint)left, a.Rows, a.Columns, a.RowStride, a.ColumnStride),
                new MatrixView<T>((nint)right, b.Rows, b.Columns, b.RowStride, b.ColumnStride),
                new MatrixView<T>(target, a.Rows, b.Columns, stride),
                alpha,
                accumulate);
        }
    }

    /// <summary>The linear map of a weight: y = x · wᵀ (+ bias), widening the weight as it goes.</summary>
    /// <param name="pool">Threads to share the outputs; null computes on the caller alone.</param>
    /// <param name="x">[m, inputs] with unit column stride.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <param name="y">[m, outputs] with unit column stride; must not overlap x.</param>
    public static void Linear<T>(WorkerPool? pool, MatrixView<T> x, WeightMatrix weight, T* bias, MatrixView<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (y.Rows == 0 || y.Columns == 0)
        {
            return;
        }

        ProductTarget<T> target = new(y, T.One, bias, accumulate: false);
        if (weight.IsTransposed)
        {
            ProductKernels.Panels(pool, x, new WeightColumns<T>(weight), target);
        }
        else if (x.Rows > 1 || typeof(T) != typeof(float) || !VectorProduct.TryLinear(pool, (float*)x.Pointer, weight, (float*)bias, (float*)y.Pointer))
        {
            ProductKernels.Rows(pool, x, new WeightRows<T>(weight), target);
        }

        GC.KeepAlive(weight);
    }

    /// <summary>The transpose of <see cref="Linear"/>, which takes gradients back through it: dx = dy · w, or dx += dy · w, widening the weight as it goes.</summary>
    /// <param name="pool">Threads to share the outputs; null computes on the caller alone.</param>
    /// <param name="dy">[m, outputs] with unit column stride.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="dx">[m, inputs] with unit column stride; must not overlap dy.</param>
    /// <param name="accumulate">Whether to add to what dx holds.</param>
    public static void LinearTransposed<T>(WorkerPool? pool, MatrixView<T> dy, WeightMatrix weight, MatrixView<T> dx, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (dx.Rows == 0 || dx.Columns == 0)
        {
            return;
        }

        ProductTarget<T> target = new(dx, T.One, null, accumulate);
        if (weight.IsTransposed)
        {
            ProductKernels.Rows(pool, dy, new TransposedWeightRows<T>(weight), target);
        }
        else
        {
            ProductKernels.Panels(pool, dy, new TransposedWeightColumns<T>(weight), target);
        }

        GC.KeepAlive(weight);
    }

    /// <summary>As <see cref="LinearTransposed{T}(WorkerPool, MatrixView{T}, WeightMatrix, MatrixView{T}, bool)"/>, on memory that the collector may move otherwise.</summary>
    /// <param name="pool">Threads to share the outputs; null computes on the caller alone.</param>
    /// <param name="dy">[m, outputs] with unit column stride.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="dx">[m, inputs] without gaps; must not overlap dy.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void LinearTransposed<T>(WorkerPool? pool, SpanMatrix<T> dy, WeightMatrix weight, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (dy.Columns != weight.Rows || dy.ColumnStride != 1 || (long)dy.Rows * weight.Columns > dx.Length)
        {
            throw new ArgumentException($"[{dy.Rows}, {dy.Columns}] · [{weight.Rows}, {weight.Columns}] does not fit into {dx.Length} values", nameof(dx));
        }

        fixed (T* gradient = dy.Values)
        fixed (T* target = dx)
        {
            LinearTransposed(pool, new MatrixView<T>(gradient, dy.Rows, dy.Columns, dy.RowStride), weight, new MatrixView<T>(target, dy.Rows, weight.Columns, weight.Columns));
        }
    }
}
