using Cutaway.Tensors;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    /// <summary>Working memory that grows to what was needed most and is reused.</summary>
    private sealed class Scratch
    {
        private NativeBuffer<T>? buffer;
        private int length;

        public T* Pointer => buffer is null ? null : buffer.Pointer;

        public Span<T> Span => buffer is null ? default : buffer.Span[..length];

        public T* Reserve(int count)
        {
            if (buffer is null || buffer.Length < count)
            {
                buffer = new NativeBuffer<T>(count);
            }

            length = count;
            return buffer.Pointer;
        }
    }
}
