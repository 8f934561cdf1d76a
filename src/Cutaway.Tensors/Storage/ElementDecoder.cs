using System.Buffers.Binary;
using System.Numerics;

namespace Cutaway.Tensors.Storage;

/// <summary>Widens stored elements to the precision of the computation. The scalar reference of every faster path.</summary>
public static class ElementDecoder
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">How the source is stored.</param>
    /// <param name="source">The stored bytes: as many as <paramref name="destination"/> needs.</param>
    /// <param name="destination">The values, a whole number of blocks.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void Decode<T>(ElementType type, ReadOnlySpan<byte> source, Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (type)
        {
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
            case ElementType.Q4_1:
                DecodeQ4_1(source, destination);
                break;
            default:
                throw CutawayException.Model($"elements of type {type} cannot be decoded");
        }
    }

    private static void DecodeQ4_1<T>(ReadOnlySpan<byte> source, Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int block = 0; block * 32 < destination.Length; block++)
        {
            ReadOnlySpan<byte> bytes = source.Slice(block * 20, 20);
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[2..]);
            Span<T> values = destination.Slice(block * 32, 32);
            for (int i = 0; i < 16; i++)
            {
                values[i] = T.CreateTruncating((scale * (bytes[4 + i] & 15)) + minimum);
                values[i + 16] = T.CreateTruncating((scale * (bytes[4 + i] >> 4)) + minimum);
            }
        }
    }
}
