namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Where a tile of sums goes: c = alpha · sum + start.</summary>
/// <param name="c">The tile's first element; columns are contiguous.</param>
/// <param name="stride">Elements from one row of c to the next.</param>
/// <param name="alpha">The factor.</param>
/// <param name="start">What is added (a bias, or c itself), or null for nothing.</param>
/// <param name="startStride">Elements from one row of what is added to the next; 0 repeats a bias, and goes with null.</param>
internal readonly unsafe struct TileOutput<T>(T* c, nint stride, T alpha, T* start, nint startStride)
    where T : unmanaged
{
    public T* C => c;

    public nint Stride => stride;

    public T Alpha => alpha;

    public T* Start => start;

    public nint StartStride => startStride;
}
