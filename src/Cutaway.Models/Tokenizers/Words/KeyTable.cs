using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// A map from pairs of two whole numbers, neither below 0, to a third: a hash table, open and linearly probed, since filling a general one is a good part of opening a tokenizer
/// and asking it is most of using one.
/// </summary>
internal sealed class KeyTable
{
    private const long Free = -1;

    private long[] keys;
    private int[] values;
    private int count;

    /// <summary>Makes room for so many pairs; more may follow.</summary>
    public KeyTable(int capacity)
    {
        int slots = (int)BitOperations.RoundUpToPowerOf2((2 * (uint)capacity) + 2);
        keys = new long[slots];
        values = new int[slots];
        Array.Fill(keys, Free);
    }

    /// <summary>Sets the value of a pair.</summary>
    public void Set(int first, int second, int value)
    {
        if (2 * (count + 1) > keys.Length)
        {
            Grow();
        }

        long key = Key(first, second);
        int slot = Slot(keys, key);
        count += keys[slot] == Free ? 1 : 0;
        keys[slot] = key;
        values[slot] = value;
    }

    /// <summary>The value of a pair, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int first, int second)
    {
        int slot = Slot(keys, Key(first, second));
        return keys[slot] == Free ? -1 : values[slot];
    }

    /// <summary>The slot of a key, or the free one where it would be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(long[] keys, long key)
    {
        int slot = (int)((ulong)key * 0x9E3779B97F4A7C15 >> (64 - BitOperations.Log2((uint)keys.Length)));
        while (keys[slot] != Free && keys[slot] != key)
        {
            slot = (slot + 1) & (keys.Length - 1);
        }

        return slot;
    }

    private static long Key(int first, int second) => ((long)first << 32) | (uint)second;

    private void Grow()
    {
        long[] grown = new long[2 * keys.Length];
        int[] moved = new int[grown.Length];
        Array.Fill(grown, Free);
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != Free)
            {
                int slot = Slot(grown, keys[i]);
                grown[slot] = keys[i];
                moved[slot] = values[i];
            }
        }

        (keys, values) = (grown, moved);
    }
}
