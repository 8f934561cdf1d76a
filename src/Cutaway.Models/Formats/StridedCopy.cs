namespace Cutaway.Models.Formats;

/// <summary>Brings elements that lie at strides into row-major order.</summary>
internal static unsafe class StridedCopy
{
    /// <summary>Copies a tensor.</summary>
    /// <param name="shape">Extents.</param>
    /// <param name="strides">Bytes from one index of an axis to the next.</param>
    /// <param name="size">Bytes an element.</param>
    /// <param name="from">The first element.</param>
    /// <param name="to">Where the copy begins.</param>
    public static void Gather(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, int size, byte* from, byte* to) => Axis(shape, strides, size, from, to);

    private static byte* Axis(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, int size, byte* from, byte* to)
    {
        if (shape.IsEmpty || (shape.Length == 1 && strides[0] == size))
        {
            long bytes = size * (shape.IsEmpty ? 1 : shape[0]);
            Buffer.MemoryCopy(from, to, bytes, bytes);
            return to + bytes;
        }

        for (long i = 0; i < shape[0]; i++)
        {
            to = Axis(shape[1..], strides[1..], size, from + (i * strides[0]), to);
        }

        return to;
    }
}
