using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats;

/// <summary>Writes safetensors files, tensor by tensor, whole or not at all.</summary>
public static class SafetensorsWriter
{
    private const int PrefixBytes = 8;

    // Names such as blocks.0.hook_z stay readable; quotation marks and control characters are still escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="tensors">Names must differ. Wider types are placed first, so that every tensor is aligned to its elements.</param>
    /// <param name="metadata">Texts for <c>__metadata__</c>.</param>
    /// <exception cref="CutawayException">The place cannot be written to, or the disk is full; nothing is left behind.</exception>
    /// <exception cref="ArgumentException">Two tensors share a name, or the format cannot hold a type.</exception>
    public static void Write(string path, IEnumerable<OutputTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        OutputTensor[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Type.BytesPerBlock())];
        byte[] header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (OutputTensor tensor in ordered)
            {
                long start = stream.CanSeek ? stream.Position : 0;
                tensor.WriteTo(stream);
                if (stream.CanSeek && stream.Position - start != tensor.ByteLength)
                {
                    throw new InvalidOperationException(
                        $"tensor {Quote.Name(tensor.Name)} wrote {stream.Position - start} bytes instead of {tensor.ByteLength}");
                }
            }
        });
    }

    private static byte[] Header(OutputTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream stream = new();
        stream.Write(stackalloc byte[PrefixBytes]);
        using (Utf8JsonWriter json = new(stream, Plain))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string text) in metadata)
                {
                    json.WriteString(key, text);
                }

                json.WriteEndObject();
            }

            WriteEntries(json, tensors);
            json.WriteEndObject();
        }

        while (stream.Length % PrefixBytes != 0)
        {
            stream.WriteByte((byte)' ');
        }

        byte[] header = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - PrefixBytes);
        return header;
    }

    private static void WriteEntries(Utf8JsonWriter json, OutputTensor[] tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal) { "__metadata__" };
        long offset = 0;
        foreach (OutputTensor tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"two tensors are called {Quote.Name(tensor.Name)}", nameof(tensors));
            }

            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", SafetensorsHeader.NameOf(tensor.Type)
                ?? throw new ArgumentException($"safetensors cannot hold {tensor.Type} (tensor {Quote.Name(tensor.Name)})", nameof(tensors)));
            json.WriteStartArray("shape");
            foreach (long extent in tensor.Shape)
            {
                json.WriteNumberValue(extent);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            offset += tensor.ByteLength;
            json.WriteNumberValue(offset);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
