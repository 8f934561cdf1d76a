namespace Cutaway.Tensors.Kernels.Products;

/// <summary>How products of contiguous rows are cut up.</summary>
internal static class RowBlocks
{
    /// <summary>
    /// The inner axis is summed in blocks of so many: six rows of x and four of w take 30 kB of the first-level cache in
    /// single precision. It is a whole number of any format's blocks, and part of the results' definition: it decides their rounding.
    /// </summary>
    public const int Inner = 768;

    /// <summary>Rows of w handled together.</summary>
    public const int Columns = 4;
}
