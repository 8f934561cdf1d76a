using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>A tensor as a checkpoint describes it: a view of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Type">How elements are stored.</param>
/// <param name="Offset">The first element, counted from the storage's first.</param>
/// <param name="Shape">Extents.</param>
/// <param name="Strides">Elements from one index of an axis to the next.</param>
internal sealed record TorchTensor(TorchStorage Storage, ElementType Type, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Whether elements follow one another in row-major order.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int axis = Shape.Length - 1; axis >= 0; axis--)
            {
                if (Shape[axis] != 1 && Strides[axis] != expected)
                {
                    return false;
                }

                expected *= Math.Max(Shape[axis], 1);
            }

            return true;
        }
    }

    /// <summary>What <c>_rebuild_tensor</c> and <c>_rebuild_tensor_v2</c> make: (storage, offset, size, strides, …).</summary>
    public static TorchTensor Rebuild(object?[] arguments) => arguments is [TorchStorage storage, long offset, object?[] size, object?[] strides, ..]
        ? Checked(storage, storage.Type, offset, size, strides)
        : throw Wrong();

    /// <summary>What <c>_rebuild_tensor_v3</c> makes: (storage, offset, size, strides, gradient, hooks, type, …).</summary>
    public static TorchTensor RebuildTyped(object?[] arguments) => arguments is [TorchStorage storage, long offset, object?[] size, object?[] strides, _, _, PickleGlobal type, ..]
        ? Checked(storage, TorchStorage.TypeOf(type), offset, size, strides)
        : throw Wrong();

    private static TorchTensor Checked(TorchStorage storage, ElementType type, long offset, object?[] size, object?[] strides)
    {
        TorchTensor tensor = new(storage, type, offset, PickleGlobals.Numbers(size, "the size of a tensor"), PickleGlobals.Numbers(strides, "the strides of a tensor"));
        return tensor.Shape.Length == tensor.Strides.Length && TensorShape.Count(tensor.Shape) is long count && tensor.Fits(count)
            ? tensor
            : throw new FormatException(
                $"a tensor {Quote.Shape(tensor.Shape)} with strides {Quote.Shape(tensor.Strides)} from element {offset} does not fit its storage {Quote.Name(storage.Key)} of {storage.ByteLength} bytes");
    }

    // The last element of a view with strides that are not negative.
    private bool Fits(long count)
    {
        if (Offset < 0 || count == 0)
        {
            return Offset >= 0;
        }

        Int128 last = Offset;
        for (int axis = 0; axis < Shape.Length; axis++)
        {
            last += (Int128)(Shape[axis] - 1) * Strides[axis];
        }

        return (last + 1) * Type.BytesPerBlock() <= Storage.ByteLength;
    }

    private static FormatException Wrong() => new("its pickle makes a tensor of something other than a storage, an offset, a size and strides");
}
