using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels;

/// <summary>The product of one vector with a stored weight: what generation spends its time on. The weight is never widened as a whole.</summary>
internal static unsafe class VectorProduct
{
    /// <summary>y = weight · x (+ bias).</summary>
    /// <param name="pool">Threads to share the outputs; null computes on the caller alone.</param>
    /// <param name="x">[inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <param name="y">[outputs].</param>
    public static void Linear(WorkerPool? pool, float* x, WeightMatrix weight, float* bias, float* y) =>
        MatrixProduct.Linear(pool, new MatrixView<float>(x, 1, weight.Columns, weight.Columns), weight, bias, new MatrixView<float>(y, 1, weight.Rows, weight.Rows));
}
