using System.Runtime.InteropServices;

namespace Cutaway.Tensors;

/// <summary>A block of 64-byte aligned memory outside the collected heap, freed when nothing refers to it any more.</summary>
/// <typeparam name="T">The element.</typeparam>
public sealed unsafe class NativeBuffer<T>
    where T : unmanaged
{
    private readonly long bytes;

    /// <summary>Takes memory for <paramref name="length"/> elements; its content is not cleared.</summary>
    /// <exception cref="CutawayException">There are more elements than an index can count.</exception>
    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > int.MaxValue)
        {
            throw CutawayException.Input(
                $"{length} numbers are needed in one place, and at most {int.MaxValue} fit; give a shorter prompt, fewer sequences at once, or a smaller model");
        }

        Length = (int)length;
        bytes = Math.Max(64, length * sizeof(T));
        Pointer = (T*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        GC.AddMemoryPressure(bytes);
    }

    /// <summary>Frees the memory.</summary>
    ~NativeBuffer()
    {
        // Null where the constructor threw: the runtime finalizes such an object too.
        if (Pointer is not null)
        {
            NativeMemory.AlignedFree(Pointer);
            GC.RemoveMemoryPressure(bytes);
        }
    }

    /// <summary>How many elements.</summary>
    public int Length { get; }

    /// <summary>The first element; keep the buffer referenced while it is used.</summary>
    public T* Pointer { get; }

    /// <summary>All elements.</summary>
    public Span<T> Span => new(Pointer, Length);
}
