using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>The gradient of a row that served several rows: their sum.</summary>
internal static unsafe class RowSum
{
    /// <summary>Adds to the gradient of <paramref name="x"/> what the rows made of it received.</summary>
    /// <param name="tape">The tape.</param>
    /// <param name="dy">[rows, repeats, width].</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="repeats">How many rows each row served.</param>
    public static void Contribute<T>(Tape<T> tape, T* dy, Variable<T> x, int width, int repeats)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!x.NeedsGradient)
        {
            return;
        }

        T* dx = x.Contribute(out bool isSum);
        Work<T> work = new(dy, dx, width, repeats, isSum);
        tape.Pool.ForRows(x.Length / width, (long)x.Length * repeats, ref work);
    }

    private readonly struct Work<T>(T* dy, T* dx, int width, int repeats, bool isSum) : IParallelWork
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Invoke(int index)
        {
            Span<T> sum = new(dx + ((nint)index * width), width);
            for (int i = 0; i < repeats; i++)
            {
                ReadOnlySpan<T> row = new(dy + ((((nint)index * repeats) + i) * width), width);
                if (i == 0 && !isSum)
                {
                    row.CopyTo(sum);
                }
                else
                {
                    TensorPrimitives.Add(sum, row, sum);
                }
            }
        }
    }
}
