using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed unsafe class RowDecoderKernelTests
{
    public static TheoryData<ElementType> Types => [.. Enum.GetValues<ElementType>().Where(type => type.IsWeight())];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_decodes_to_the_bits_of_the_scalar_decoder(ElementType type)
    {
        int block = type.ValuesPerBlock();
        foreach (int blocks in block == 1 ? KernelData.Lengths : [0, 1, 2, 3, 7, 64])
        {
            int count = blocks * block;
            byte[] stored = KernelData.Stored(type, count, 7 + blocks, finite: false);
            float[] expected = new float[count];
            ElementDecoder.Decode<float>(type, stored, expected);
            AssertBits(expected, Decode(type, stored, count));
        }
    }

    [Fact]
    public void Every_half_precision_number_widens_exactly()
    {
        byte[] stored = new byte[2 * 65536];
        float[] expected = new float[65536];
        for (int i = 0; i < 65536; i++)
        {
            BitConverter.TryWriteBytes(stored.AsSpan(2 * i), (ushort)i);
            expected[i] = (float)BitConverter.UInt16BitsToHalf((ushort)i);
        }

        AssertBits(expected, Decode(ElementType.Float16, stored, 65536));
    }

    [Theory]
    [InlineData(ElementType.Q8_0)]
    [InlineData(ElementType.Q4_0)]
    public void Blocks_of_one_scale_decode_by_their_formula(ElementType type)
    {
        byte[] stored = KernelData.Stored(type, 9 * 32, 3, finite: false);
        float[] expected = new float[9 * 32];
        for (int i = 0; i < expected.Length; i++)
        {
            ReadOnlySpan<byte> block = stored.AsSpan(i / 32 * type.BytesPerBlock(), type.BytesPerBlock());
            float scale = (float)BitConverter.ToHalf(block);
            int place = i % 32;
            expected[i] = scale * (type == ElementType.Q8_0
                ? (sbyte)block[2 + place]
                : (place < 16 ? block[2 + place] & 15 : block[2 + place - 16] >> 4) - 8);
        }

        AssertBits(expected, Decode(type, stored, expected.Length));
    }

    private static float[] Decode(ElementType type, byte[] stored, int count)
    {
        // One value more on each side, to see that nothing beyond is written.
        float[] padded = new float[count + 2];
        padded.AsSpan().Fill(42);
        fixed (byte* source = stored)
        fixed (float* target = padded)
        {
            RowDecoder.Decode(type, source, target + 1, count);
        }

        Assert.Equal(42, padded[0]);
        Assert.Equal(42, padded[^1]);
        return padded[1..^1];
    }

    private static void AssertBits(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                    $"value {i}: {expected[i]:R} expected, {actual[i]:R} decoded");
            }
        }
    }
}
