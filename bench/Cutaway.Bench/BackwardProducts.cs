using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>A linear map and the two products of its way back, as shares of the multiply-adds that the machine can do.</summary>
internal static unsafe class BackwardProducts
{
    /// <summary>Prints one row: y = x · wᵀ, dx = dy · w, dw += dyᵀ · x.</summary>
    public static void Print(WorkerPool pool, double peak, int rows, int inputs, int outputs, bool transposed = false)
    {
        NativeBuffer<float> x = BenchModels.Values(rows * inputs);
        NativeBuffer<float> y = BenchModels.Values(rows * outputs);
        NativeBuffer<float> dx = new(rows * inputs);
        NativeBuffer<float> dw = BenchModels.Values(inputs * outputs);
        NativeBuffer<float> values = BenchModels.Values(inputs * outputs);
        WeightMatrix weight = transposed
            ? WeightMatrix.FromMemory(values, (byte*)values.Pointer, ElementType.Float32, inputs, outputs, transposed: true)
            : WeightMatrix.FromMemory(values, (byte*)values.Pointer, ElementType.Float32, outputs, inputs);
        MatrixView<float> left = new(x.Pointer, rows, inputs, inputs);
        MatrixView<float> right = new(y.Pointer, rows, outputs, outputs);
        MatrixView<float> leftGradient = new(dx.Pointer, rows, inputs, inputs);
        MatrixView<float> weightGradient = new(dw.Pointer, outputs, inputs, inputs);
        double share = 2.0 * rows * inputs * outputs / 1e9 / peak;
        double forward = share / Machine.Best(() => MatrixProduct.Linear(pool, left, weight, null, right));
        double toInput = share / Machine.Best(() => MatrixProduct.LinearTransposed(pool, right, weight, leftGradient));
        double toWeight = share / Machine.Best(() => MatrixProduct.Multiply(pool, right.Transpose(), left, weightGradient, 1e-9f, accumulate: true));
        GC.KeepAlive((x, y, dx, dw));
        Console.WriteLine($"{$"{rows}×{inputs}×{outputs}{(transposed ? ", transposed" : "")}",-34}{forward,10:P0}{toInput,10:P0}{toWeight,10:P0}{toInput / forward,9:F2}{toWeight / forward,9:F2}");
    }
}
