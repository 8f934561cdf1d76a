using System.Buffers.Binary;
using System.Text;
using Cutaway.Tensors;

namespace Cutaway.Fuzzing;

/// <summary>Damages files in the ways that files are damaged: bits, lengths, numbers, pieces lost, doubled or moved. The same seed makes the same damage.</summary>
internal sealed class Mutator(ulong seed)
{
    private const int MostChanges = 4;
    private const int LongestPiece = 64;

    private static readonly ulong[] Extremes = [0, 1, 255, 65535, int.MaxValue, uint.MaxValue, 1UL << 40, 1UL << 60, long.MaxValue, ulong.MaxValue];
    private static readonly string[] Numbers = ["0", "-1", "1.5", "1e999", "4096", "2147483648", "1152921504606846976", "99999999999999999999", "null", "[]", "\"\"", "{}"];

    private readonly SeededRandom random = new(seed);

    /// <summary>A damaged copy.</summary>
    /// <param name="file">A valid file.</param>
    /// <param name="header">Bytes at its start where most damage shall be.</param>
    public byte[] Mutate(byte[] file, int header)
    {
        List<byte> bytes = [.. file];
        int changes = 1 + random.Next(MostChanges);
        for (int i = 0; i < changes && bytes.Count > 0; i++)
        {
            int limit = random.Next(4) > 0 ? Math.Min(header, bytes.Count) : bytes.Count;
            Change(bytes, random.Next(limit));
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, int at)
    {
        int length = Math.Min(1 + random.Next(LongestPiece), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 4:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 5:
                byte[] value = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(value, Extremes[random.Next(Extremes.Length)]);
                Overwrite(bytes, at, value.AsSpan(0, 1 << random.Next(4)));
                break;
            case 6:
                ReplaceNumber(bytes, at);
                break;
            default:
                Overwrite(bytes, random.Next(bytes.Count), bytes.GetRange(at, length).ToArray());
                break;
        }
    }

    private static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> by)
    {
        for (int i = 0; i < by.Length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = by[i];
        }
    }

    /// <summary>Replaces the next number of a JSON text.</summary>
    private void ReplaceNumber(List<byte> bytes, int at)
    {
        int start = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
        if (start >= 0)
        {
            int end = start;
            while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
            {
                end++;
            }

            bytes.RemoveRange(start, end - start);
            bytes.InsertRange(start, Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]));
        }
    }
}
