using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Autograd;

/// <summary>y = x · wᵀ + b, or the same for each of several parts of the columns with its own rows of w: dx = dy · w, dw = dyᵀ · x, db = Σ dy.</summary>
internal sealed unsafe class LinearOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private WeightMatrix weight = null!;
    private int rows;
    private int parts;
    private T* weightGradient;
    private T* biasGradient;

    /// <summary>Records the map where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, parts, inputs].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">[parts · outputs, inputs].</param>
    /// <param name="bias">The vector of biases, as the network holds it, or null.</param>
    /// <param name="parts">1, or how many parts of the columns are mapped each by itself.</param>
    public static LinearOperation<T>? Record(Tape<T> tape, Variable<T> x, int rows, WeightMatrix weight, object? bias, int parts = 1)
    {
        T* weightGradient = tape.GradientOf(weight);
        T* biasGradient = tape.GradientOf(bias);
        if (!x.NeedsGradient && weightGradient is null && biasGradient is null)
        {
            return null;
        }

        LinearOperation<T> operation = tape.Record<LinearOperation<T>>();
        operation.x = weightGradient is null ? x : x.Keep();
        operation.weight = weight;
        operation.rows = rows;
        operation.parts = parts;
        operation.weightGradient = weightGradient;
        operation.biasGradient = biasGradient;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        int inputs = weight.Columns;
        int outputs = weight.Rows / parts;
        T* dy = Output!.Gradient;
        bool isSum = false;
        T* dx = x.NeedsGradient ? x.Contribute(out isSum) : null;
        for (int part = 0; part < parts; part++)
        {
            MatrixView<T> dyPart = new(dy + (part * outputs), rows, outputs, parts * outputs);
            if (dx is not null)
            {
                WeightMatrix rowsOfPart = parts == 1 ? weight : weight.SliceRows(part * outputs, outputs);
                MatrixProduct.LinearTransposed(tape.Pool, dyPart, rowsOfPart, new MatrixView<T>(dx + (part * inputs), rows, inputs, parts * inputs), isSum);
            }

            if (weightGradient is not null)
            {
                MatrixView<T> xPart = new(x.Pointer + (part * inputs), rows, inputs, parts * inputs);
                MatrixProduct.Multiply(
                    tape.Pool, dyPart.Transpose(), xPart, new MatrixView<T>(weightGradient + ((nint)part * outputs * inputs), outputs, inputs, inputs), T.One, accumulate: true);
            }
        }

        if (biasGradient is not null)
        {
            ColumnSums.Add(tape.Pool, new MatrixView<T>(dy, rows, parts * outputs, parts * outputs), biasGradient);
        }
    }
}
