using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cutaway.Models.Formats;

/// <summary>
/// Tells apart models by their weights at a cost that does not grow with the model: SHA-256 over every tensor's name, type
/// and shape in the order of names, and over its bytes. Tensors of up to 64 KiB are read whole; of larger ones 16 parts of
/// 4 KiB are read, spread evenly from the first byte to the last. So any training, fine-tuning, quantisation or edit of a
/// whole matrix is seen; a change of single weights in a large matrix may not be. How the tensors are split over files
/// makes no difference.
/// </summary>
public static unsafe class WeightHash
{
    private const int Parts = 16;
    private const int PartBytes = 4096;

    /// <summary>The hash that is computed when it is first asked for; it keeps the files mapped.</summary>
    public static Lazy<string> Lazily(ITensorSource source) => new(() => Of(source));

    /// <summary>The hash: 32 hexadecimal digits, the first half of the SHA-256.</summary>
    public static string Of(ITensorSource source)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (StoredTensor tensor in source.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}\0{tensor.Type}\0{string.Join(',', tensor.Shape)}\0"));
            Append(hash, tensor);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private static void Append(IncrementalHash hash, StoredTensor tensor)
    {
        long bytes = tensor.ByteLength;
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes);
        hash.AppendData(length);
        if (bytes <= Parts * PartBytes)
        {
            hash.AppendData(new ReadOnlySpan<byte>(tensor.Data, (int)bytes));
        }
        else
        {
            for (int part = 0; part < Parts; part++)
            {
                // The last part ends with the tensor's last byte.
                long start = (long)((Int128)(bytes - PartBytes) * part / (Parts - 1));
                hash.AppendData(new ReadOnlySpan<byte>(tensor.Data + start, PartBytes));
            }
        }

        GC.KeepAlive(tensor);
    }
}
