using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>The backward pass of a gated activation of a row.</summary>
internal static unsafe class GatedBackwardRow
{
    /// <summary>dUp = dPost · f(gate) and dGate = dPost · up · f′(gate), over any of the inputs.</summary>
    public static void Apply<TFunction, TSlope>(in GatedPlaces places)
        where TFunction : struct, ILaneFunction
        where TSlope : struct, ILaneFunction
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<TFunction, TSlope, Lanes512, Vector512<float>>(places);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<TFunction, TSlope, Lanes256, Vector256<float>>(places);
        }
        else
        {
            Apply<TFunction, TSlope, Lanes128, Vector128<float>>(places);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction, TSlope, TLanes, TVector>(in GatedPlaces places)
        where TFunction : struct, ILaneFunction
        where TSlope : struct, ILaneFunction
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* gate = places.Gate, up = places.Up, dPost = places.DPost, dGate = places.DGate, dUp = places.DUp;
        int i = 0;
        for (; i <= places.Count - TLanes.Count; i += TLanes.Count)
        {
            TVector x = TLanes.Load(gate + i);
            TVector factor = TLanes.Load(up + i);
            TVector g = TLanes.Load(dPost + i);
            TLanes.Store(dGate + i, TLanes.Multiply(TLanes.Multiply(g, factor), default(TSlope).Of<TLanes, TVector>(x)));
            TLanes.Store(dUp + i, TLanes.Multiply(g, default(TFunction).Of<TLanes, TVector>(x)));
        }

        int rest = places.Count - i;
        if (rest > 0)
        {
            TVector x = LanePart.Load<TLanes, TVector>(gate + i, rest, 0);
            TVector factor = LanePart.Load<TLanes, TVector>(up + i, rest, 0);
            TVector g = LanePart.Load<TLanes, TVector>(dPost + i, rest, 0);
            LanePart.Store<TLanes, TVector>(dGate + i, TLanes.Multiply(TLanes.Multiply(g, factor), default(TSlope).Of<TLanes, TVector>(x)), rest);
            LanePart.Store<TLanes, TVector>(dUp + i, TLanes.Multiply(g, default(TFunction).Of<TLanes, TVector>(x)), rest);
        }
    }
}
