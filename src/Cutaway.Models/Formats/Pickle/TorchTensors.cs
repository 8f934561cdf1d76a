using Cutaway.Models.Formats.Numpy;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>Makes the tensors of a checkpoint: views where their elements follow one another, copies in row-major order where they do not.</summary>
/// <param name="content">What the file holds.</param>
/// <param name="fileBytes">The file's length: copies take at most as much.</param>
/// <param name="path">The file's path, for messages.</param>
internal sealed unsafe class TorchTensors(TorchContent content, long fileBytes, string path)
{
    private long allowance = fileBytes;

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="FormatException">Its storage is missing or damaged, or it repeats more elements than the file has.</exception>
    public StoredTensor Store(string name, object tensor) => tensor is TorchTensor torch ? Of(name, torch) : Of(name, (NumpyArray)tensor);

    private StoredTensor Of(string name, TorchTensor tensor)
    {
        (object owner, nint place) = content.Place(tensor.Storage);
        byte* first = (byte*)place + (tensor.Offset * tensor.Type.BytesPerBlock());
        if (tensor.IsContiguous || TensorShape.Count(tensor.Shape) == 0)
        {
            return new StoredTensor(name, tensor.Type, tensor.Shape, owner, first, path);
        }

        NativeBuffer<byte> copy = Take(name, TensorShape.Count(tensor.Shape)!.Value * tensor.Type.BytesPerBlock());
        int size = tensor.Type.BytesPerBlock();
        StridedCopy.Gather(tensor.Shape, Array.ConvertAll(tensor.Strides, stride => stride * size), size, first, copy.Pointer);
        GC.KeepAlive(owner);
        return new StoredTensor(name, tensor.Type, tensor.Shape, copy, copy.Pointer, path);
    }

    private StoredTensor Of(string name, NumpyArray array)
    {
        (long[] shape, NumpyType type, byte[] bytes) = array.Content ?? throw new FormatException($"the array {Quote.Name(name)} has no content");
        ElementType stored = type.IsBigEndian ? throw new FormatException($"the array {Quote.Name(name)} is stored with its highest byte first") : NpyHeader.TypeOf(type.Code)
            ?? throw new FormatException($"the array {Quote.Name(name)} has elements of type {Quote.Name(type.Code)}; numbers were expected");
        if (TensorShape.Count(shape) is not long count || count > bytes.Length || count * stored.BytesPerBlock() != bytes.Length)
        {
            throw new FormatException($"the array {Quote.Name(name)} {Quote.Shape(shape)} does not fill its {bytes.Length} bytes");
        }

        NativeBuffer<byte> copy = Take(name, bytes.Length);
        bytes.CopyTo(copy.Span);
        return new StoredTensor(name, stored, shape, copy, copy.Pointer, path);
    }

    private NativeBuffer<byte> Take(string name, long bytes)
    {
        allowance -= bytes;
        return allowance >= 0
            ? new NativeBuffer<byte>(bytes)
            : throw new FormatException($"{Quote.Name(name)} and other tensors that are not stored row by row have more elements than the file");
    }
}
