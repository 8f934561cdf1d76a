namespace Cutaway.Tensors.Kernels.Products;

/// <summary>How products of contiguous rows are cut up.</summary>
internal static class RowBlocks
{
    /// <summary>Rows of w handled together.</summary>
    public const int Columns = 4;

    // Six rows of x and four of w take 40 kB of the first-level cache in single precision.
    private const int Longest = 1024;

    // A whole number of any format's blocks.
    private const int Unit = 256;

    /// <summary>
    /// The inner axis is summed in blocks of this length, as equal as can be. It is part of the results' definition, for it
    /// decides their rounding, and depends on nothing but the axis.
    /// </summary>
    public static int Length(int inner)
    {
        int blocks = Math.Max(1, (inner + Longest - 1) / Longest);
        return ((inner + blocks - 1) / blocks + Unit - 1) / Unit * Unit;
    }
}
