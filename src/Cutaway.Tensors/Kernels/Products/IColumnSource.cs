namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A second factor read a few columns at a time.</summary>
internal unsafe interface IColumnSource<T>
    where T : unmanaged
{
    /// <summary>Finds element [k, j] with columns contiguous where it lies.</summary>
    /// <param name="k">The inner index.</param>
    /// <param name="j">The column.</param>
    /// <param name="stride">Elements from one inner index to the next.</param>
    /// <returns>The element, or null if it has to be packed.</returns>
    T* Find(int k, int j, out nint stride);

    /// <summary>Copies columns [j, j + columns) of inner indices [k, k + count) to a panel.</summary>
    /// <param name="k">The first inner index.</param>
    /// <param name="count">How many inner indices.</param>
    /// <param name="j">The first column.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="panel">[count, width]; places beyond columns are left as they are.</param>
    /// <param name="width">Elements from one inner index of the panel to the next.</param>
    void Pack(int k, int count, int j, int columns, T* panel, int width);
}
