namespace Cutaway.Tensors.Kernels.Products;

/// <summary>
/// What matrix products need of a vector of one width, for float and double alike. Kernels are written once against this
/// and compiled by the JIT for each width; the narrowest is one element, for processors without vectors.
/// </summary>
/// <typeparam name="T">The element.</typeparam>
/// <typeparam name="TVector">The vector the lanes live in.</typeparam>
internal unsafe interface IProductLanes<T, TVector>
    where T : unmanaged
    where TVector : unmanaged
{
    /// <summary>How many lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Whether there are 32 registers rather than 16, so that the tall tiles fit.</summary>
    static abstract bool HasManyRegisters { get; }

    /// <summary>Lanes 0, 1, 2, … from unaligned memory.</summary>
    static abstract TVector Load(T* source);

    /// <summary>Writes all lanes.</summary>
    static abstract void Store(T* target, TVector value);

    /// <summary>One value in all lanes.</summary>
    static abstract TVector Broadcast(T value);

    /// <summary>a · b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a · b + c, rounded once where the processor can (AVX2, AVX-512, Arm), twice where it cannot.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>
    /// Writes alpha · sum + start for the sums of the lanes of four vectors. Each sum is the same tree: halves are folded
    /// onto each other until one lane is left.
    /// </summary>
    /// <param name="a">The first vector.</param>
    /// <param name="b">The second vector.</param>
    /// <param name="c">The third vector.</param>
    /// <param name="d">The fourth vector.</param>
    /// <param name="alpha">The factor.</param>
    /// <param name="start">[4], or null for nothing.</param>
    /// <param name="target">[4].</param>
    static abstract void FinishFour(TVector a, TVector b, TVector c, TVector d, T alpha, T* start, T* target);
}
