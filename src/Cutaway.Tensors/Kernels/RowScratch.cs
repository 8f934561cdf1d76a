namespace Cutaway.Tensors.Kernels;

/// <summary>Working memory of the current thread, for kernels that need a row of their own.</summary>
internal static class RowScratch<T>
    where T : unmanaged
{
    [ThreadStatic]
    private static NativeBuffer<T>? buffer;

    /// <summary>Room for <paramref name="length"/> values; valid until the thread asks again.</summary>
    public static NativeBuffer<T> Take(long length)
    {
        if (buffer is null || buffer.Length < length)
        {
            // Half as much again, so that a text that grows token by token does not ask each time.
            buffer = new NativeBuffer<T>(length + (length / 2));
        }

        return buffer;
    }
}
