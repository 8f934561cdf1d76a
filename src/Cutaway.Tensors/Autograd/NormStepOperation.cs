using System.Numerics;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// The two steps of a norm where a hook looks on: the scale of each row, made of the row; and the normalised row, made of the
/// row and a scale that a hook may have changed.
/// </summary>
internal sealed unsafe class NormStepOperation<T> : Operation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Variable<T> x = null!;
    private Variable<T>? scales;
    private bool centred;
    private T epsilon;
    private int width;

    /// <summary>Records one of the two steps where a gradient is wanted.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="scales">[rows] for the second step; null for the first, which makes them.</param>
    /// <param name="centred">LayerNorm; otherwise RMSNorm.</param>
    /// <param name="epsilon">Inside the square root.</param>
    /// <param name="width">The width of a row.</param>
    public static NormStepOperation<T>? Record(Tape<T> tape, Variable<T> x, Variable<T>? scales, bool centred, T epsilon, int width)
    {
        if (!x.NeedsGradient && scales?.NeedsGradient != true)
        {
            return null;
        }

        NormStepOperation<T> operation = tape.Record<NormStepOperation<T>>();
        operation.x = x.Keep();
        operation.scales = scales?.Keep();
        operation.centred = centred;
        operation.epsilon = epsilon;
        operation.width = width;
        return operation;
    }

    /// <inheritdoc/>
    public override void Backward(Tape<T> tape)
    {
        Contribution<T> dx = new(tape, x);
        Contribution<T> dScales = scales is null ? default : new(tape, scales);
        Work work = new(this, Output!.Gradient, dx.Pointer, dScales.Pointer);
        tape.Pool.ForRows(x.Length / width, 2L * x.Length, ref work);
        dx.Finish();
        dScales.Finish();
    }

    private readonly struct Work(NormStepOperation<T> operation, T* dy, T* dx, T* dScales) : IParallelWork
    {
        public void Invoke(int index)
        {
            int width = operation.width;
            nint at = (nint)index * width;
            Span<T> row = RowScratch<T>.Take(2L * width).Span;
            Span<T> zero = row.Slice(width, width);
            row = row[..width];
            ReadOnlySpan<T> x = new(operation.x.Pointer + at, width);
            T own = operation.centred ? Normalization.Layer(x, row, operation.epsilon) : Normalization.Rms(x, row, operation.epsilon);
            if (operation.scales is null)
            {
                zero.Clear();
                Through(row, own, zero, dy[index], index);
                return;
            }

            T scale = operation.scales.Pointer[index];
            T ratio = own / scale;
            for (int i = 0; ratio != T.One && i < width; i++)
            {
                row[i] *= ratio;
            }

            ReadOnlySpan<T> gradient = new(dy + at, width);
            if (dScales is not null)
            {
                dScales[index] = NormalizationBackward.Scale(row, scale, gradient);
            }

            Through(row, scale, gradient, T.Zero, index);
        }

        private void Through(ReadOnlySpan<T> normalized, T scale, ReadOnlySpan<T> gradient, T dScale, int index)
        {
            if (dx is null)
            {
                return;
            }

            Span<T> target = new(dx + ((nint)index * normalized.Length), normalized.Length);
            if (operation.centred)
            {
                NormalizationBackward.Layer(normalized, scale, gradient, dScale, target);
            }
            else
            {
                NormalizationBackward.Rms(normalized, scale, gradient, dScale, target);
            }
        }
    }
}
