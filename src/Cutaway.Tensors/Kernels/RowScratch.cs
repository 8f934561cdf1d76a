namespace Cutaway.Tensors.Autograd;

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
            buffer = new NativeBuffer<T>(length);
        }

        return buffer;
    }
}
