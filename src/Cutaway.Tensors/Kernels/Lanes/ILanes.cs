using Cutaway.Tensors.Kernels.Blocks;

namespace Cutaway.Tensors.Kernels.Lanes;

/// <summary>
/// Single-precision vectors of one width. A kernel is written once against this and compiled by the JIT for each width:
/// implementations are structs of static methods, so every call is resolved and inlined, and nothing is boxed.
/// </summary>
/// <typeparam name="TVector">The vector the lanes live in.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>How many lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Lanes 0, 1, 2, … from unaligned memory.</summary>
    static abstract TVector Load(float* source);

    /// <summary>Writes all lanes.</summary>
    static abstract void Store(float* target, TVector value);

    /// <summary>One value in all lanes.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>a - b.</summary>
    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>a · b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a / b.</summary>
    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a · b + c, rounded once where the processor can (AVX2, AVX-512, Arm), twice where it cannot.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The larger; <paramref name="b"/> where either is not a number.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The smaller; <paramref name="b"/> where either is not a number.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>|a|.</summary>
    static abstract TVector Abs(TVector a);

    /// <summary>√a.</summary>
    static abstract TVector Sqrt(TVector a);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract TVector Round(TVector a);

    /// <summary>The magnitude of <paramref name="magnitude"/> with the sign of <paramref name="sign"/>.</summary>
    static abstract TVector CopySign(TVector magnitude, TVector sign);

    /// <summary>a · 2ⁿ for integral n in [-252, 254], correctly rounded into the denormal range.</summary>
    static abstract TVector ScaleByPowerOfTwo(TVector a, TVector n);

    /// <summary>whenTrue where a &lt; b, else whenFalse (also where either is not a number).</summary>
    static abstract TVector SelectLess(TVector a, TVector b, TVector whenTrue, TVector whenFalse);

    /// <summary>Whether every lane is a number of at most its limit.</summary>
    static abstract bool AllAtMost(TVector a, TVector limit);

    /// <summary>Each pair of lanes (2i, 2i + 1) exchanged.</summary>
    static abstract TVector SwapPairs(TVector a);

    /// <summary>Each of the first half of the lanes written twice: 0, 0, 1, 1, …</summary>
    static abstract TVector DoubleLower(TVector a);

    /// <summary>The sum of the lanes: halves are folded onto each other until one is left.</summary>
    static abstract float Sum(TVector a);

    /// <summary>The largest lane, of numbers.</summary>
    static abstract float Largest(TVector a);

    /// <summary>What the low four bits of <see cref="Count"/> bytes stand for.</summary>
    static abstract TVector LowNibbles<TMap>(byte* source, TVector scale, TVector minimum)
        where TMap : struct, INibbleMap;

    /// <summary>What the high four bits of <see cref="Count"/> bytes stand for.</summary>
    static abstract TVector HighNibbles<TMap>(byte* source, TVector scale, TVector minimum)
        where TMap : struct, INibbleMap;

    /// <summary><see cref="Count"/> signed bytes.</summary>
    static abstract TVector SignedBytes(sbyte* source);

    /// <summary><see cref="Count"/> bfloat16 values.</summary>
    static abstract TVector BFloat16(ushort* source);

    /// <summary><see cref="Count"/> half-precision values.</summary>
    static abstract TVector Float16(ushort* source);
}
