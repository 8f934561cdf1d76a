using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Functions;

/// <summary>A function of one value, computed for all lanes of a vector at once.</summary>
internal interface ILaneFunction
{
    /// <summary>The function's values.</summary>
    TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}
