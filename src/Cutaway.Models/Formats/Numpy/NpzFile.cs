using Cutaway.Models.Formats.Zip;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Numpy;

/// <summary>Arrays of NumPy: a .npz file, which is a zip file of .npy files, or one .npy file. Arrays that are stored as they are are mapped; compressed ones are unpacked.</summary>
public sealed unsafe class NpzFile : ITensorSource
{
    private const string Extension = ".npy";

    private NpzFile(string path, Dictionary<string, StoredTensor> tensors)
    {
        Path = path;
        Tensors = tensors;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The arrays by name: in a .npz file without <c>.npy</c>; the one of a .npy file is called as the file is.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="CutawayException">The file cannot be read, or holds something other than arrays of numbers.</exception>
    public static NpzFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        NpzFile opened = Read(file, file.Pointer, file.Length, path);
        GC.KeepAlive(file);
        return opened;
    }

    /// <summary>Checks a file's bytes, which are copied to memory of the file's own.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="CutawayException">It holds something other than arrays of numbers.</exception>
    public static NpzFile FromBytes(ReadOnlySpan<byte> bytes, string name)
    {
        NativeBuffer<byte> memory = new(bytes.Length);
        bytes.CopyTo(memory.Span);
        return Read(memory, memory.Pointer, memory.Length, name);
    }

    private static NpzFile Read(object owner, byte* data, long length, string path)
    {
        Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        string at = "";
        try
        {
            if (!ZipDirectory.IsZip(new ReadOnlySpan<byte>(data, (int)Math.Min(length, sizeof(uint)))))
            {
                string name = System.IO.Path.GetFileNameWithoutExtension(path);
                tensors.Add(name, Array(name, owner, data, length, path));
                return new NpzFile(path, tensors);
            }

            ZipContent zip = new(owner, data, length);
            foreach (ZipEntry entry in zip.Entries)
            {
                at = $"{Quote.Name(entry.Name)}: ";
                if (!entry.Name.EndsWith(Extension, StringComparison.Ordinal))
                {
                    throw new FormatException("a file ending in .npy was expected");
                }

                (object keeper, nint place) = zip.Open(entry);
                string name = entry.Name[..^Extension.Length];
                tensors.Add(name, Array(name, keeper, (byte*)place, entry.Length, path));
            }
        }
        catch (FormatException error)
        {
            throw CutawayException.Model($"{path} is not read as arrays of NumPy: {at}{error.Message}", error);
        }

        return new NpzFile(path, tensors);
    }

    private static StoredTensor Array(string name, object owner, byte* data, long length, string path)
    {
        NpyHeader header = NpyHeader.Read(new ReadOnlySpan<byte>(data, (int)Math.Min(length, int.MaxValue)));
        int size = header.Type.BytesPerBlock();
        long bytes = length - header.Bytes;
        if (TensorShape.Count(header.Shape) is not long count || count > bytes / size || count * size != bytes)
        {
            throw new FormatException($"an array {Quote.Shape(header.Shape)} of {header.Type} does not fill its {bytes} bytes");
        }

        byte* first = data + header.Bytes;
        if (!header.IsFortran || header.Shape.Length < 2 || count == 0)
        {
            return new StoredTensor(name, header.Type, header.Shape, owner, first, path);
        }

        NativeBuffer<byte> copy = new(bytes);
        long[] strides = new long[header.Shape.Length];
        strides[0] = size;
        for (int axis = 1; axis < strides.Length; axis++)
        {
            strides[axis] = strides[axis - 1] * header.Shape[axis - 1];
        }

        StridedCopy.Gather(header.Shape, strides, size, first, copy.Pointer);
        GC.KeepAlive(owner);
        return new StoredTensor(name, header.Type, header.Shape, copy, copy.Pointer, path);
    }
}
