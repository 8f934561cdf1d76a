namespace Cutaway.Tensors.Kernels.Products;

/// <summary>Rows of the second factor that are contiguous along the inner axis.</summary>
internal unsafe interface IRowSource<T>
    where T : unmanaged
{
    /// <summary>Finds places [start, start + count) of some rows, widening them if need be.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="start">The first place.</param>
    /// <param name="count">How many places.</param>
    /// <param name="memory">[rows, pitch] of working memory.</param>
    /// <param name="pitch">Elements from one row of working memory to the next.</param>
    /// <param name="pointers">[rows]: receives where each row's places are.</param>
    void Fetch(int first, int rows, int start, int count, T* memory, int pitch, T** pointers);
}
