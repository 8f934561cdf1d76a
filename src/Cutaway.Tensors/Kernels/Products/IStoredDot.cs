namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Inner products of one vector with four stored rows.</summary>
internal unsafe interface IStoredDot
{
    /// <summary>Computes them.</summary>
    /// <param name="x">[count].</param>
    /// <param name="rows">Four rows, from the place that goes with x[0].</param>
    /// <param name="count">The inner length, whole blocks and whole vectors.</param>
    /// <param name="output">Where the four results go; alpha is 1.</param>
    static abstract void Four(float* x, byte** rows, int count, in TileOutput<float> output);
}
