using System.IO.Compression;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Numpy;

/// <summary>Writes tensors as arrays of NumPy (<c>numpy.load</c>): a zip file of .npy files without compression, whole or not at all.</summary>
public static class NpzWriter
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="tensors">Names must differ.</param>
    /// <exception cref="CutawayException">The place cannot be written to, the disk is full, or NumPy has no such element type; nothing is left behind.</exception>
    public static void Write(string path, IReadOnlyList<OutputTensor> tensors)
    {
        byte[][] headers = [.. tensors.Select(tensor => NpyHeader.TryWrite(tensor.Type, tensor.Shape)
            ?? throw CutawayException.Usage($"NumPy has no element type {tensor.Type} (tensor {Quote.Name(tensor.Name)}); write a .safetensors file"))];
        AtomicFile.Write(path, stream =>
        {
            using ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true);
            for (int i = 0; i < headers.Length; i++)
            {
                using Stream entry = zip.CreateEntry($"{tensors[i].Name}.npy", CompressionLevel.NoCompression).Open();
                entry.Write(headers[i]);
                tensors[i].WriteTo(entry);
            }
        });
    }
}
