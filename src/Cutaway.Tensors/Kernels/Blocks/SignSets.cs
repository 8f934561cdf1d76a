using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>The signs of eight values in a row, as the IQ types store them: a bit each, or seven bits and their parity.</summary>
internal static class SignSets
{
    // Eight bytes a set, all bits of a byte set where the sign is minus: they are looked up far faster than spread.
    private static readonly ulong[] Masks = [.. Enumerable.Range(0, 256).Select(bits => Mask((uint)bits))];
    private static readonly ulong[] EvenMasks = [.. Enumerable.Range(0, 128).Select(bits => Mask((uint)bits | (((uint)BitOperations.PopCount((uint)bits) & 1) << 7)))];

    /// <summary>Where the masks of eight bits begin.</summary>
    public static ref ulong Eight => ref MemoryMarshal.GetArrayDataReference(Masks);

    /// <summary>Where the masks of seven bits begin; the eighth sign makes the number of minus signs even.</summary>
    public static ref ulong Seven => ref MemoryMarshal.GetArrayDataReference(EvenMasks);

    /// <summary>Sixteen values with the signs of two sets.</summary>
    /// <param name="first">Eight values.</param>
    /// <param name="second">Eight more.</param>
    /// <param name="masks"><see cref="Eight"/> or <see cref="Seven"/>.</param>
    /// <param name="firstSet">The signs of the first eight.</param>
    /// <param name="secondSet">The signs of the others.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Apply(ulong first, ulong second, ref ulong masks, uint firstSet, uint secondSet)
    {
        Vector128<sbyte> mask = Vector128.Create(Unsafe.Add(ref masks, firstSet), Unsafe.Add(ref masks, secondSet)).AsSByte();
        return (Vector128.Create(first, second).AsSByte() ^ mask) - mask;
    }

    private static ulong Mask(uint signs)
    {
        ulong mask = 0;
        for (int i = 0; i < 8; i++)
        {
            mask |= ((signs >> i) & 1) * (0xFFUL << (8 * i));
        }

        return mask;
    }
}
