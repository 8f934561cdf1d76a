using System.Numerics;
using System.Runtime.CompilerServices;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Storage;

/// <summary>
/// A weight matrix as its file stores it, seen as [rows = outputs, columns = inputs]: a view of mapped or owned memory
/// that is widened on use, never as a whole. Rows may be permuted or chosen (fused and interleaved projections), and the
/// storage may be transposed ([inputs, outputs], as GPT-2 keeps it).
/// </summary>
public sealed unsafe class WeightMatrix
{
    private readonly object owner;
    private readonly int[]? rowMap;

    private WeightMatrix(object owner, byte* data, ElementType type, int rows, int columns, long strideBytes, bool transposed, int[]? rowMap)
    {
        this.owner = owner;
        Data = data;
        Type = type;
        Rows = rows;
        Columns = columns;
        StrideBytes = strideBytes;
        IsTransposed = transposed;
        this.rowMap = rowMap;
    }

    /// <summary>Where stored row 0 begins.</summary>
    public byte* Data { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType Type { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Bytes from one stored row to the next.</summary>
    public long StrideBytes { get; }

    /// <summary>Whether storage is [columns, rows]; then the type is a plain one (no blocks).</summary>
    public bool IsTransposed { get; }

    /// <summary>The stored index of each row, or empty where row r is stored row r.</summary>
    public ReadOnlySpan<int> RowMap => rowMap;

    /// <summary>A view of memory that <paramref name="owner"/> keeps alive.</summary>
    /// <param name="owner">Whatever owns the memory (a mapped file, an array); held for as long as the matrix lives.</param>
    /// <param name="data">The first element.</param>
    /// <param name="type">How elements are stored.</param>
    /// <param name="storedRows">Rows as stored.</param>
    /// <param name="storedColumns">Columns as stored.</param>
    /// <param name="transposed">Whether stored rows are inputs.</param>
    public static WeightMatrix FromMemory(object owner, byte* data, ElementType type, int storedRows, int storedColumns, bool transposed = false)
    {
        long stride = type.BytesFor(storedColumns);
        return transposed
            ? new(owner, data, type, storedColumns, storedRows, stride, true, null)
            : new(owner, data, type, storedRows, storedColumns, stride, false, null);
    }

    /// <summary>A matrix over an array of its own, [rows, columns] row-major.</summary>
    public static WeightMatrix FromArray<T>(T[] values, int rows, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (values.LongLength != (long)rows * columns)
        {
            throw new ArgumentException($"{values.LongLength} values do not fill [{rows}, {columns}]", nameof(values));
        }

        NativeBuffer<T> buffer = new(values.Length);
        values.CopyTo(buffer.Span);
        return FromMemory(buffer, (byte*)buffer.Pointer, typeof(T) == typeof(float) ? ElementType.Float32 : ElementType.Float64, rows, columns);
    }

    /// <summary>The matrix made of the given rows of this one, in that order, sharing memory.</summary>
    public WeightMatrix SelectRows(ReadOnlySpan<int> rows)
    {
        int[] map = new int[rows.Length];
        for (int i = 0; i < map.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rows[i], (uint)Rows, nameof(rows));
            map[i] = StoredRow(rows[i]);
        }

        return new(owner, Data, Type, map.Length, Columns, StrideBytes, IsTransposed, map);
    }

    /// <summary>A run of rows, sharing memory.</summary>
    public WeightMatrix SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - start);
        if (rowMap is not null)
        {
            return new(owner, Data, Type, count, Columns, StrideBytes, IsTransposed, rowMap.AsSpan(start, count).ToArray());
        }

        byte* first = IsTransposed ? Data + Type.BytesFor(start) : Data + (start * StrideBytes);
        return new(owner, first, Type, count, Columns, StrideBytes, IsTransposed, null);
    }

    /// <summary>Where the stored row of logical row <paramref name="row"/> begins; only where storage is not transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* RowPointer(int row) => Data + (StoredRow(row) * StrideBytes);

    /// <summary>Widens one row.</summary>
    /// <param name="row">The logical row.</param>
    /// <param name="destination">[columns].</param>
    public void DecodeRow<T>(int row, Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        if (!IsTransposed && typeof(T) == typeof(float) && destination.Length >= Columns)
        {
            fixed (T* target = destination)
            {
                RowDecoder.Decode(Type, RowPointer(row), (float*)target, Columns);
            }
        }
        else if (!IsTransposed)
        {
            ElementDecoder.Decode(Type, new ReadOnlySpan<byte>(RowPointer(row), checked((int)StrideBytesOfRow())), destination[..Columns]);
        }
        else
        {
            int size = Type.BytesPerBlock();
            byte* first = Data + ((long)StoredRow(row) * size);
            for (int column = 0; column < Columns; column++)
            {
                ElementDecoder.Decode(Type, new ReadOnlySpan<byte>(first + (column * StrideBytes), size), destination.Slice(column, 1));
            }
        }

        GC.KeepAlive(owner);
    }

    /// <summary>The whole matrix widened, [rows, columns] row-major: for small matrices and for analysis.</summary>
    /// <exception cref="CutawayException">It has more values than one array can hold.</exception>
    public T[] Decode<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if ((long)Rows * Columns > Array.MaxLength)
        {
            throw CutawayException.Model($"a matrix of {Rows} rows and {Columns} columns is too large for one array; read it row by row");
        }

        T[] values = new T[Rows * Columns];
        Decode<T>(values);
        return values;
    }

    /// <summary>The whole matrix widened into memory that is there already.</summary>
    /// <param name="destination">[rows, columns] row-major.</param>
    public void Decode<T>(Span<T> destination)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        destination = destination[..checked(Rows * Columns)];
        if (!IsTransposed || rowMap is not null)
        {
            for (int row = 0; row < Rows; row++)
            {
                DecodeRow(row, destination.Slice(row * Columns, Columns));
            }

            return;
        }

        // Read as it is stored, row by row of inputs.
        T[] stored = new T[Rows];
        int bytes = checked((int)Type.BytesFor(Rows));
        for (int column = 0; column < Columns; column++)
        {
            ElementDecoder.Decode<T>(Type, new ReadOnlySpan<byte>(Data + (column * StrideBytes), bytes), stored);
            for (int row = 0; row < stored.Length; row++)
            {
                destination[(row * Columns) + column] = stored[row];
            }
        }

        GC.KeepAlive(owner);
    }

    private long StrideBytesOfRow() => Type.BytesFor(Columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int StoredRow(int row) => rowMap is null ? row : rowMap[row];
}
