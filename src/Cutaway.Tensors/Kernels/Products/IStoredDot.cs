namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Inner products of one vector with four stored rows.</summary>
internal unsafe interface IStoredDot
{
    /// <summary>Computes them.</summary>
    /// <param name="x">[count].</param>
    /// <param name="rows">Four rows, from the place that goes with x[0].</param>
    /// <param name="count">The inner length, at most <see cref="RowBlocks.Inner"/> and whole blocks.</param>
    /// <param name="sums">[4].</param>
    static abstract void Four(float* x, byte** rows, int count, float* sums);
}
