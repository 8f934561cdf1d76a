namespace Cutaway.Tensors.Kernels.Products;

/// <summary>How outer products cut up the inner axis.</summary>
internal static class InnerBlocks
{
    /// <summary>
    /// Places of a block. A panel takes 32 kB in single precision at any vector width that matters, and leaves room for one of
    /// the other factor.
    /// </summary>
    public const int Length = 256;
}
