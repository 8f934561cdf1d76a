using System.Numerics;
using System.Runtime.InteropServices;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors;

/// <summary>
/// A dense row-major array of numbers with named axes. It owns its memory in the collected heap, never changes shape, and
/// is never disposed.
/// </summary>
public sealed class Tensor
{
    private readonly Array values;
    private readonly int[] shape;
    private readonly string[] axes;
    private Array? converted;

    private Tensor(Array values, ReadOnlySpan<int> shape, IReadOnlyList<string>? axes)
    {
        this.values = values;
        this.shape = shape.ToArray();
        this.axes = axes is null ? [.. Enumerable.Range(0, shape.Length).Select(i => $"axis{i}")] : [.. axes];
        long count = 1;
        foreach (int extent in this.shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            count = checked(count * extent);
        }

        if (count != values.LongLength || this.axes.Length != this.shape.Length)
        {
            throw new ArgumentException($"{values.LongLength} values and axes ({string.Join(", ", this.axes)}) do not fit shape [{string.Join(", ", this.shape)}]");
        }
    }

    /// <summary>Extents, outermost first.</summary>
    public IReadOnlyList<int> Shape => shape;

    /// <summary>Names of the axes, such as <c>batch, pos, d_model</c>.</summary>
    public IReadOnlyList<string> Axes => axes;

    /// <summary>The precision of the numbers.</summary>
    public DType DType => values is float[]? DType.Float32 : DType.Float64;

    /// <summary>How many numbers.</summary>
    public int Count => values.Length;

    /// <summary>How many bytes the numbers take.</summary>
    public long Bytes => (long)Count * (DType == DType.Float32 ? 4 : 8);

    /// <summary>The numbers of a single-precision tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is in double precision.</exception>
    public ReadOnlySpan<float> Float32 => values as float[] ?? throw new InvalidOperationException("the tensor holds float64; use Float64 or To<float>()");

    /// <summary>The numbers of a double-precision tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is in single precision.</exception>
    public ReadOnlySpan<double> Float64 => values as double[] ?? throw new InvalidOperationException("the tensor holds float32; use Float32 or To<double>()");

    /// <summary>One number.</summary>
    /// <param name="index">One index an axis; negative ones count from the end.</param>
    public double this[params ReadOnlySpan<int> index]
    {
        get
        {
            if (index.Length != shape.Length)
            {
                throw new ArgumentException($"{index.Length} indices for axes ({string.Join(", ", axes)})", nameof(index));
            }

            int offset = 0;
            for (int i = 0; i < index.Length; i++)
            {
                offset = (offset * shape[i]) + Normalize(index[i], i);
            }

            return At(offset);
        }
    }

    /// <summary>Takes over an array as the numbers of a tensor.</summary>
    /// <param name="values">The numbers, row-major; not copied.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="axes">Names of the axes, or null for plain numbers.</param>
    public static Tensor Of(float[] values, ReadOnlySpan<int> shape, IReadOnlyList<string>? axes = null) => new(values, shape, axes);

    /// <inheritdoc cref="Of(float[], ReadOnlySpan{int}, IReadOnlyList{string})"/>
    public static Tensor Of(double[] values, ReadOnlySpan<int> shape, IReadOnlyList<string>? axes = null) => new(values, shape, axes);

    /// <summary>Copies numbers of either precision into a tensor of the same.</summary>
    public static Tensor CopyOf<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> shape, IReadOnlyList<string>? axes = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Not cleared first: large captures cost as much as the memory they touch.
        T[] copy = GC.AllocateUninitializedArray<T>(values.Length);
        ParallelCopy.Run(values, copy);
        return new(copy, shape, axes);
    }

    /// <summary>A vector.</summary>
    public static Tensor Vector(params double[] values) => new(values, [values.Length], null);

    /// <summary>The number at a flat offset.</summary>
    public double At(int offset) => values is float[] floats ? floats[offset] : ((double[])values)[offset];

    /// <summary>The numbers in a precision; another than the tensor's is converted once and kept.</summary>
    public ReadOnlySpan<T> To<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (values is T[] same)
        {
            return same;
        }

        if (converted is T[] known)
        {
            return known;
        }

        T[] other = new T[Count];
        for (int i = 0; i < other.Length; i++)
        {
            other[i] = T.CreateTruncating(At(i));
        }

        converted = other;
        return other;
    }

    /// <summary>The tensor in a precision; itself if it has it already.</summary>
    public Tensor To(DType dtype) => dtype == DType
        ? this
        : dtype == DType.Float32 ? new(To<float>().ToArray(), shape, axes) : new(To<double>().ToArray(), shape, axes);

    /// <summary>The numbers as doubles, copied.</summary>
    public double[] ToDoubles() => To<double>().ToArray();

    /// <summary>The extent of an axis by name.</summary>
    public int Extent(string axis) => shape[AxisOf(axis)];

    /// <summary>Whether there is an axis of that name.</summary>
    public bool HasAxis(string axis) => Array.IndexOf(axes, axis) >= 0;

    /// <summary>The slice at one index of an axis; the axis is dropped.</summary>
    /// <param name="axis">The axis by name.</param>
    /// <param name="index">Negative counts from the end.</param>
    public Tensor Select(string axis, int index)
    {
        int at = AxisOf(axis);
        int chosen = Normalize(index, at);
        int[] rest = [.. shape.Where((_, i) => i != at)];
        string[] names = [.. axes.Where((_, i) => i != at)];
        int inner = Product(at + 1);
        int outer = Count == 0 ? 0 : Count / (inner * shape[at]);
        return values is float[] floats
            ? new(Gather(floats, outer, shape[at], inner, chosen), rest, names)
            : new(Gather((double[])values, outer, shape[at], inner, chosen), rest, names);
    }

    /// <summary>The same numbers under another shape of equal count.</summary>
    public Tensor Reshape(ReadOnlySpan<int> extents, IReadOnlyList<string>? names = null) => new(values, extents, names);

    /// <summary>The rows of a tensor of two axes, as doubles.</summary>
    public double[][] ToRows()
    {
        if (shape.Length != 2)
        {
            throw new InvalidOperationException($"a tensor of axes ({string.Join(", ", axes)}) has no rows; select until two axes are left");
        }

        double[][] rows = new double[shape[0]][];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = new double[shape[1]];
            for (int j = 0; j < rows[i].Length; j++)
            {
                rows[i][j] = At((i * shape[1]) + j);
            }
        }

        return rows;
    }

    /// <summary>The raw bytes of the numbers, little endian, for writing to a file.</summary>
    public ReadOnlySpan<byte> AsBytes() => values is float[] floats
        ? MemoryMarshal.AsBytes<float>(floats)
        : MemoryMarshal.AsBytes<double>((double[])values);

    /// <inheritdoc/>
    public override string ToString() => $"Tensor {DType} [{string.Join(", ", axes.Zip(shape, (axis, extent) => $"{axis} {extent}"))}]";

    private static T[] Gather<T>(T[] source, int outer, int extent, int inner, int index)
    {
        T[] result = new T[outer * inner];
        for (int i = 0; i < outer; i++)
        {
            source.AsSpan(((i * extent) + index) * inner, inner).CopyTo(result.AsSpan(i * inner));
        }

        return result;
    }

    private int AxisOf(string axis) => Array.IndexOf(axes, axis) is >= 0 and int at
        ? at
        : throw new ArgumentException($"no axis '{axis}'; the tensor has ({string.Join(", ", axes)})", nameof(axis));

    private int Product(int from)
    {
        int product = 1;
        for (int i = from; i < shape.Length; i++)
        {
            product *= shape[i];
        }

        return product;
    }

    private int Normalize(int index, int axis)
    {
        int positive = index < 0 ? index + shape[axis] : index;
        return (uint)positive < (uint)shape[axis]
            ? positive
            : throw new ArgumentOutOfRangeException(nameof(index), $"index {index} is outside axis '{axes[axis]}' of {shape[axis]}");
    }
}
