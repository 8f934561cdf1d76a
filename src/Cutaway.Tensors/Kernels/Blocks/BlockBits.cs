using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>What the layouts of several GGUF blocks have in common.</summary>
internal static unsafe class BlockBits
{
    private const ulong EveryByte = 0x0101_0101_0101_0101;

    private static Vector128<byte> LowNibble => Vector128.Create((byte)15);

    /// <summary>All bits of byte i set where bit i of the first eight is set, then the same for the second eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Spread(uint first, uint second)
    {
        Vector128<byte> bits = Vector128.Create((first & 255) * EveryByte, (second & 255) * EveryByte).AsByte();
        Vector128<byte> places = Vector128.Create(0x8040_2010_0804_0201).AsByte();
        return Vector128.Equals(bits & places, places);
    }

    /// <summary>The low nibbles of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Low(Vector128<byte> bytes) => bytes & LowNibble;

    /// <summary>The high nibbles of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> bytes) => (bytes.AsUInt16() >> 4).AsByte() & LowNibble;

    /// <summary>64 bytes of pairs of bits: each half of the 256 values lies in 32 bytes, its four runs of 32 one above the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pairs(byte* source, sbyte* q, sbyte added)
    {
        for (int half = 0; half < 2; half++, source += 32, q += 128)
        {
            Sixteen(source, q, added);
            Sixteen(source + 16, q + 16, added);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Sixteen(byte* source, sbyte* q, sbyte added)
        {
            Vector128<byte> two = Vector128.Create((byte)3);
            Vector128<sbyte> offset = Vector128.Create(added);
            Vector128<ushort> bytes = Vector128.Load(source).AsUInt16();
            ((bytes.AsByte() & two).AsSByte() + offset).Store(q);
            (((bytes >> 2).AsByte() & two).AsSByte() + offset).Store(q + 32);
            (((bytes >> 4).AsByte() & two).AsSByte() + offset).Store(q + 64);
            (((bytes >> 6).AsByte() & two).AsSByte() + offset).Store(q + 96);
        }
    }

    /// <summary>factor · each of sixteen signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(Vector128<sbyte> bytes, float factor, float* target)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(bytes);
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lower);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(upper);
        Vector128<float> scale = Vector128.Create(factor);
        (scale * Vector128.ConvertToSingle(a)).Store(target);
        (scale * Vector128.ConvertToSingle(b)).Store(target + 4);
        (scale * Vector128.ConvertToSingle(c)).Store(target + 8);
        (scale * Vector128.ConvertToSingle(d)).Store(target + 12);
    }

    /// <summary>factor · (½ + n) · ¼ for the sixteen nibbles n of eight bytes, low before high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void QuarterScales(float factor, byte* nibbles, float* target)
    {
        Vector128<ushort> pairs = Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(nibbles)).AsByte());
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Low((pairs | (pairs << 4)).AsByte()));
        (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(lower);
        (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(upper);
        Quarter(a.AsInt32(), factor).Store(target);
        Quarter(b.AsInt32(), factor).Store(target + 4);
        Quarter(c.AsInt32(), factor).Store(target + 8);
        Quarter(d.AsInt32(), factor).Store(target + 12);
    }

    /// <summary>A point of eight coordinates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Eight(ref sbyte grid, int point) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref grid, 8 * point)));

    /// <summary>A point of four coordinates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Four(ref sbyte grid, int point) => Unsafe.ReadUnaligned<uint>(ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref grid, 4 * point)));

    /// <summary>Where a code book begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref sbyte Start(ReadOnlySpan<sbyte> grid) => ref MemoryMarshal.GetReference(grid);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector128<int> nibbles, float factor) =>
        Vector128.Create(factor) * (Vector128.ConvertToSingle(nibbles) + Vector128.Create(0.5f)) * Vector128.Create(0.25f);
}
