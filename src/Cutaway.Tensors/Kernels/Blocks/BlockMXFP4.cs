using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>MXFP4: a power of two (E8M0) as scale, 16 bytes of FP4 numbers (OCP Microscaling Formats 1.0, sections 5.2 and 5.4).</summary>
internal readonly unsafe struct BlockMXFP4 : IGroupedBlock
{
    public static int Bytes => 17;

    public static int Values => 32;

    public static int GroupSize => 32;

    public static bool HasMinima => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, sbyte* q, float* scales, float* minima)
    {
        // Half of 2^(e - 127), because the levels are doubled; the two smallest are subnormal.
        int exponent = block[0];
        scales[0] = BitConverter.Int32BitsToSingle(exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23);
        Levels.Choose(Levels.DoubledFp4, block + 1, q);
    }
}
