using System.Numerics;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// Where a product goes: c = alpha · (sum of the first block of the inner axis) + start, then c += alpha · (sum of each
/// further block), where start is the bias, c itself, or nothing.
/// </summary>
/// <param name="c">[m, n].</param>
/// <param name="alpha">The factor.</param>
/// <param name="bias">[n], or null.</param>
/// <param name="accumulate">Whether to add to what c holds; then there is no bias.</param>
internal readonly unsafe struct ProductTarget<T>(MatrixView<T> c, T alpha, T* bias, bool accumulate)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The matrix.</summary>
    public MatrixView<T> C => c;

    /// <summary>The tile that begins at [<paramref name="row"/>, <paramref name="column"/>], for kernels that write it themselves.</summary>
    public TileOutput<T> Tile(int row, int column, bool isFirstBlock)
    {
        T* tile = c.Pointer + (row * c.RowStride) + (column * c.ColumnStride);
        return !isFirstBlock || accumulate
            ? new TileOutput<T>(tile, c.RowStride, alpha, tile, c.RowStride)
            : new TileOutput<T>(tile, c.RowStride, alpha, bias is null ? null : bias + column, 0);
    }

    /// <summary>Writes a tile of plain sums.</summary>
    /// <param name="sums">[rows, columns].</param>
    /// <param name="stride">Elements from one row of sums to the next.</param>
    /// <param name="row">Where it goes.</param>
    /// <param name="column">Where it goes.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="isFirstBlock">Whether these are the sums of the first block of the inner axis.</param>
    public void Write(T* sums, int stride, int row, int column, int rows, int columns, bool isFirstBlock)
    {
        TileOutput<T> tile = Tile(row, column, isFirstBlock);
        nint step = c.ColumnStride;
        nint startStep = tile.Start == tile.C ? step : 1;
        for (int i = 0; i < rows; i++)
        {
            T* source = sums + (i * stride);
            T* target = tile.C + (i * tile.Stride);
            T* start = tile.Start + (i * tile.StartStride);
            for (int j = 0; j < columns; j++)
            {
                target[j * step] = tile.Start is null ? alpha * source[j] : T.MultiplyAddEstimate(alpha, source[j], start[j * startStep]);
            }
        }
    }
}
