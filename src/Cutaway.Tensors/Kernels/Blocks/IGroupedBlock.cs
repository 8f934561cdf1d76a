namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// A GGUF block taken apart with portable vectors: value = scale · q - minimum with one scale and minimum a group, rounded
/// as the scalar reference rounds it.
/// </summary>
internal unsafe interface IGroupedBlock
{
    /// <summary>The most values and groups that a block has.</summary>
    const int MostValues = 256, MostGroups = 16;

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Values of a block: 32, 64 or 256.</summary>
    static abstract int Values { get; }

    /// <summary>Values of a group: 16 or 32.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Whether there are minima; without, a value is scale · q.</summary>
    static abstract bool HasMinima { get; }

    /// <summary>Takes a block apart.</summary>
    /// <param name="block">The block.</param>
    /// <param name="q">[256]; as many as there are values are written.</param>
    /// <param name="scales">[16]; as many as there are groups are written.</param>
    /// <param name="minima">[16]; likewise, if there are any.</param>
    static abstract void Unpack(byte* block, sbyte* q, float* scales, float* minima);
}
