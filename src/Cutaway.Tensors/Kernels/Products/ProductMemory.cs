namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Working memory of the calling thread for packed panels and widened rows: grows to what was needed most and is reused.</summary>
internal static class ProductMemory<T>
    where T : unmanaged
{
    [ThreadStatic]
    private static NativeBuffer<T>? buffer;

    /// <summary>At least <paramref name="length"/> elements, until the next call on this thread; content undefined. Keep the buffer referenced.</summary>
    public static NativeBuffer<T> Take(int length)
    {
        NativeBuffer<T>? memory = buffer;
        if (memory is null || memory.Length < length)
        {
            buffer = memory = new NativeBuffer<T>(length);
        }

        return memory;
    }
}
