using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>NVFP4: four scales (unsigned E4M3) of 16 values, then for each 8 bytes of FP4 numbers: eight low nibbles, eight high ones.</summary>
internal readonly unsafe struct BlockNVFP4 : IGroupedBlock
{
    // E4M3's bits, moved to where single precision keeps them, are the number times 2⁻¹²⁰.
    private const float Rebias = 664613997892457936451903530140172288f;

    public static int Bytes => 36;

    public static int Values => 64;

    public static int GroupSize => 16;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        // Half, because the levels are doubled; what would be NaN is zero.
        Vector128<int> bits = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(block)).AsByte())).AsInt32() & Vector128.Create(0x7F);
        Vector128<float> magnitudes = (bits << 20).AsSingle() * Vector128.Create(Rebias);
        Vector128.AndNot(magnitudes, Vector128.Equals(bits, Vector128.Create(0x7F)).AsSingle()).Store(scales);
        for (int group = 0; group < 4; group++)
        {
            ulong bytes = Unsafe.ReadUnaligned<ulong>(block + 4 + (8 * group));
            Vector128<byte> indices = BlockBits.Low(Vector128.Create(bytes, bytes >> 4).AsByte());
            Vector128.Shuffle(Levels.DoubledFp4, indices.AsSByte()).Store(q + (16 * group));
        }
    }
}
