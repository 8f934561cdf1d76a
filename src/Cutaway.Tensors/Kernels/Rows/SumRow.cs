using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>The sum of a row, inside a kernel that is already compiled for a width.</summary>
internal static unsafe class SumRow
{
    /// <summary>Σ x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of<TLanes, TVector>(float* x, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector a = TLanes.Broadcast(0);
        TVector b = a;
        int i = 0;
        for (; i <= count - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            a = TLanes.Add(a, TLanes.Load(x + i));
            b = TLanes.Add(b, TLanes.Load(x + i + TLanes.Count));
        }

        float sum = TLanes.Sum(TLanes.Add(a, b));
        for (; i < count; i++)
        {
            sum += x[i];
        }

        return sum;
    }
}
