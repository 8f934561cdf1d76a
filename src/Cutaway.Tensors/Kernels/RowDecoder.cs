using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels;

/// <summary>Widens stored rows to single precision as fast as the machine allows; equal to <see cref="ElementDecoder"/> bit for bit.</summary>
internal static unsafe class RowDecoder
{
    /// <summary>Decodes <paramref name="count"/> values, a whole number of blocks.</summary>
    public static void Decode(ElementType type, byte* source, float* destination, int count) =>
        ElementDecoder.Decode(type, new ReadOnlySpan<byte>(source, checked((int)type.BytesFor(count))), new Span<float>(destination, count));
}
