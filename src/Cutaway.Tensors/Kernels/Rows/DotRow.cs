using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels.Lanes;

namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>The inner product of two rows, inside a kernel that is already compiled for a width.</summary>
internal static unsafe class DotRow
{
    /// <summary>Σ a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of<TLanes, TVector>(float* a, float* b, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector even = TLanes.Broadcast(0);
        TVector odd = even;
        int i = 0;
        for (; i <= count - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            even = TLanes.MultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(a + i + TLanes.Count), TLanes.Load(b + i + TLanes.Count), odd);
        }

        float sum = TLanes.Sum(TLanes.Add(even, odd));
        for (; i < count; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
