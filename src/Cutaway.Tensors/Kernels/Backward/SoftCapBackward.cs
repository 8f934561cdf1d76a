using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions.Slopes;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>The backward pass of <see cref="SoftCap"/>.</summary>
public static unsafe class SoftCapBackward
{
    /// <summary>dx = dy · (1 - (y / cap)²).</summary>
    /// <param name="y">The capped values.</param>
    /// <param name="dy">Their gradient.</param>
    /// <param name="dx">The gradient of the values before; may be <paramref name="y"/> or <paramref name="dy"/>.</param>
    /// <param name="cap">The bound, above zero.</param>
    public static void Apply<T>(ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx, T cap)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dy = dy[..y.Length];
        dx = dx[..y.Length];
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* value = y)
            fixed (T* factor = dy)
            fixed (T* target = dx)
            {
                ElementWise.ApplyGated(new SoftCappedSlope(float.CreateTruncating(cap)), (float*)value, (float*)factor, (float*)target, y.Length);
            }

            return;
        }

        for (int i = 0; i < y.Length; i++)
        {
            T t = y[i] / cap;
            dx[i] = dy[i] * (T.One - t) * (T.One + t);
        }
    }
}
