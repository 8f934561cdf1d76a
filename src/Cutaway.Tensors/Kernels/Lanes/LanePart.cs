using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>The last values of a row, fewer than a vector holds. With AVX a mask keeps the access to them; elsewhere they are copied one by one.</summary>
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
        if (Avx.IsSupported)
        {
            Vector256<float> lower = Load(source, count, fill);
            if (typeof(TVector) == typeof(Vector256<float>))
            {
                return Unsafe.BitCast<Vector256<float>, TVector>(lower);
            }

            if (typeof(TVector) == typeof(Vector512<float>))
            {
                Vector256<float> upper = Load(source + Vector256<float>.Count, count - Vector256<float>.Count, fill);
                return Unsafe.BitCast<Vector512<float>, TVector>(Vector512.Create(lower, upper));
            }
        }

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
        if (Avx.IsSupported && typeof(TVector) == typeof(Vector256<float>))
        {
            Avx.MaskStore(target, Mask(count), Unsafe.BitCast<TVector, Vector256<float>>(value));
            return;
        }

        if (Avx.IsSupported && typeof(TVector) == typeof(Vector512<float>))
        {
            Vector512<float> both = Unsafe.BitCast<TVector, Vector512<float>>(value);
            Avx.MaskStore(target, Mask(count), both.GetLower());
            Avx.MaskStore(target + Vector256<float>.Count, Mask(count - Vector256<float>.Count), both.GetUpper());
            return;
        }

        float* whole = stackalloc float[Most];
        TLanes.Store(whole, value);
        for (int i = 0; i < count; i++)
        {
            target[i] = whole[i];
        }
    }

    private static Vector256<float> Load(float* source, int count, float fill)
    {
        Vector256<float> mask = Mask(count);
        return Vector256.ConditionalSelect(mask, Avx.MaskLoad(source, mask), Vector256.Create(fill));
    }

    private static Vector256<float> Mask(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();
}
