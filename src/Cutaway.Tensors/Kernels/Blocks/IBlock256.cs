namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// A GGUF super-block of 256 values taken apart with portable vectors: value = scale · q - minimum with one scale and
/// minimum a group, rounded as the scalar reference rounds it (a minimum of zero changes nothing).
/// </summary>
internal unsafe interface IBlock256
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Values of a group: 16 or 32.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Takes a block apart.</summary>
    /// <param name="block">The block.</param>
    /// <param name="q">[256].</param>
    /// <param name="scales">[16]; as many as there are groups are written.</param>
    /// <param name="minima">[16]; likewise.</param>
    static abstract void Unpack(byte* block, sbyte* q, float* scales, float* minima);
}
