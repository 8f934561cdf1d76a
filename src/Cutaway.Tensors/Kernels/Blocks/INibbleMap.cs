namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>What a number of four bits stands for in a block.</summary>
internal interface INibbleMap
{
    /// <summary>The value of each nibble, rounded as the scalar reference rounds it.</summary>
    static abstract TVector Value<TLanes, TVector>(TVector nibbles, TVector scale, TVector minimum)
        where TLanes : struct, Lanes.ILanes<TVector>
        where TVector : unmanaged;
}
