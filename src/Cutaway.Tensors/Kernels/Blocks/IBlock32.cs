using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>
/// A GGUF block of 32 values with one scale, as vectors: 16 places of the first half and 16 of the second, which 4-bit
/// formats keep in the low and the high nibbles of the same bytes. Each value is rounded as the scalar reference rounds it.
/// </summary>
internal unsafe interface IBlock32
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether a half-precision minimum, added after scaling, follows the half-precision scale that blocks begin with.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>Values <paramref name="at"/>, at + 1, … as many as lanes, for at in [0, 16).</summary>
    static abstract TVector First<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>Values 16 + <paramref name="at"/>, … as many as lanes, for at in [0, 16).</summary>
    static abstract TVector Second<TLanes, TVector>(byte* block, int at, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}
