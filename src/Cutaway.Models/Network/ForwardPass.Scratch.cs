using Cutaway.Tensors;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    /// <summary>Working memory that grows to what was needed most and is reused.</summary>
    private sealed class Scratch
    {
        private NativeBuffer<T>? buffer;
        private int length;

        /// <summary>Elements there is room for.</summary>
        public long Capacity => buffer?.Length ?? 0;

        public T* Pointer => buffer is null ? null : buffer.Pointer;

        public Span<T> Span => buffer is null ? default : buffer.Span[..length];

        /// <summary>Room for [rows, width]; what was there is lost where it grows.</summary>
        public T* Reserve(long rows, long width = 1)
        {
            // The largest product that can occur is a square of positions for every head: below 2⁶³.
            long count = rows * width;
            if (buffer is null || buffer.Length < count)
            {
                buffer = new NativeBuffer<T>(count);
            }

            length = (int)count;
            return buffer.Pointer;
        }
    }
}
