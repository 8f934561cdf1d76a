using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Cutaway.Tensors.Storage.Blocks;

namespace Cutaway.Tensors.Storage;

/// <summary>
/// Widens stored elements to the precision of the computation. The scalar reference of every faster path. Blocks are
/// computed in single precision, as their formats define them, and then converted.
/// </summary>
public static class ElementDecoder
{
    private const int LargestBlock = 256;

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">How the source is stored.</param>
    /// <param name="source">The stored bytes: as many as <paramref name="destination"/> needs.</param>
    /// <param name="destination">The values, a whole number of blocks.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="CutawayException">The type is not a weight's, or the values are not whole blocks.</exception>
    public static void Decode<T>(ElementType type, ReadOnlySpan<byte> source, Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, type.BytesFor(destination.Length), nameof(source));
        switch (type)
        {
            case ElementType.Float32 when typeof(T) == typeof(float) && BitConverter.IsLittleEndian:
                source[..(4 * destination.Length)].CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case ElementType.Float32:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]));
                }

                break;
            case ElementType.Float64:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]));
                }

                break;
            case ElementType.Float16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]));
                }

                break;
            case ElementType.BFloat16:
                for (int i = 0; i < destination.Length; i++)
                {
                    int bits = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16;
                    destination[i] = T.CreateTruncating(BitConverter.Int32BitsToSingle(bits));
                }

                break;
            case ElementType.Float8E4M3:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(SmallFloats.E4M3(source[i]));
                }

                break;
            case ElementType.Float8E5M2:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(SmallFloats.E5M2(source[i]));
                }

                break;
            default:
                DecodeBlocks(type, source, destination);
                break;
        }
    }

    private static void DecodeBlocks<T>(ElementType type, ReadOnlySpan<byte> source, Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int perBlock = type.ValuesPerBlock();
        int bytes = type.BytesPerBlock();
        if (typeof(T) == typeof(float))
        {
            Span<float> floats = MemoryMarshal.Cast<T, float>(destination);
            for (int block = 0; block * perBlock < floats.Length; block++)
            {
                DecodeBlock(type, source.Slice(block * bytes, bytes), floats.Slice(block * perBlock, perBlock));
            }

            return;
        }

        Span<float> values = stackalloc float[LargestBlock];
        for (int block = 0; block * perBlock < destination.Length; block++)
        {
            DecodeBlock(type, source.Slice(block * bytes, bytes), values[..perBlock]);
            for (int i = 0; i < perBlock; i++)
            {
                destination[(block * perBlock) + i] = T.CreateTruncating(values[i]);
            }
        }
    }

    private static void DecodeBlock(ElementType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case ElementType.Q4_0:
                LegacyBlocks.Q4_0(block, values);
                break;
            case ElementType.Q4_1:
                LegacyBlocks.Q4_1(block, values);
                break;
            case ElementType.Q5_0:
                LegacyBlocks.Q5_0(block, values);
                break;
            case ElementType.Q5_1:
                LegacyBlocks.Q5_1(block, values);
                break;
            case ElementType.Q8_0:
                LegacyBlocks.Q8_0(block, values);
                break;
            case ElementType.Q2_K:
                KBlocks.Q2_K(block, values);
                break;
            case ElementType.Q3_K:
                KBlocks.Q3_K(block, values);
                break;
            case ElementType.Q4_K:
                KBlocks.Q4_K(block, values);
                break;
            case ElementType.Q5_K:
                KBlocks.Q5_K(block, values);
                break;
            case ElementType.Q6_K:
                KBlocks.Q6_K(block, values);
                break;
            case ElementType.IQ2_XXS:
                GridBlocks.IQ2_XXS(block, values);
                break;
            case ElementType.IQ2_XS:
                GridBlocks.IQ2_XS(block, values);
                break;
            case ElementType.IQ2_S:
                GridBlocks.IQ2_S(block, values);
                break;
            case ElementType.IQ3_XXS:
                GridBlocks.IQ3_XXS(block, values);
                break;
            case ElementType.IQ3_S:
                GridBlocks.IQ3_S(block, values);
                break;
            case ElementType.IQ1_S:
                TernaryBlocks.IQ1_S(block, values);
                break;
            case ElementType.IQ1_M:
                TernaryBlocks.IQ1_M(block, values);
                break;
            case ElementType.TQ1_0:
                TernaryBlocks.TQ1_0(block, values);
                break;
            case ElementType.TQ2_0:
                TernaryBlocks.TQ2_0(block, values);
                break;
            case ElementType.IQ4_NL:
                TableBlocks.IQ4_NL(block, values);
                break;
            case ElementType.IQ4_XS:
                TableBlocks.IQ4_XS(block, values);
                break;
            case ElementType.MXFP4:
                TableBlocks.MXFP4(block, values);
                break;
            case ElementType.NVFP4:
                TableBlocks.NVFP4(block, values);
                break;
            default:
                throw CutawayException.Model($"elements of type {type} are not weights; floating-point numbers were expected");
        }
    }
}
