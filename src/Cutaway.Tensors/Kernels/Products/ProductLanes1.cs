using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>One element: where the processor has no vectors, or they are switched off.</summary>
internal readonly unsafe struct ProductLanes1<T> : IProductLanes<T, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => 1;

    public static bool HasManyRegisters => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(T* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* target, T value) => *target = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Broadcast(T value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply(T a, T b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T a, T b, T c) => T.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FinishFour(T a, T b, T c, T d, T alpha, T* start, T* target)
    {
        target[0] = start is null ? alpha * a : MultiplyAdd(alpha, a, start[0]);
        target[1] = start is null ? alpha * b : MultiplyAdd(alpha, b, start[1]);
        target[2] = start is null ? alpha * c : MultiplyAdd(alpha, c, start[2]);
        target[3] = start is null ? alpha * d : MultiplyAdd(alpha, d, start[3]);
    }
}
