using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>The last values of a row, fewer than a vector holds.</summary>
internal static unsafe class LanePart
{
    // Enough for the widest vector.
    private const int Most = 16;

    /// <summary><paramref name="count"/> values, the lanes after them filled up.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TVector Load<TLanes, TVector>(float* source, int count, float fill)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* whole = stackalloc float[Most];
        for (int i = 0; i < TLanes.Count; i++)
        {
            whole[i] = i < count ? source[i] : fill;
        }

        return TLanes.Load(whole);
    }

    /// <summary>Writes the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store<TLanes, TVector>(float* target, TVector value, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* whole = stackalloc float[Most];
        TLanes.Store(whole, value);
        for (int i = 0; i < count; i++)
        {
            target[i] = whole[i];
        }
    }
}
