using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Functions;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels;

/// <summary>A smooth bound on scores and logits (Gemma 2).</summary>
public static unsafe class SoftCap
{
    /// <summary>x becomes cap · tanh(x / cap).</summary>
    /// <param name="x">Values, changed in place.</param>
    /// <param name="cap">The bound, above zero.</param>
    public static void Apply<T>(Span<T> x, T cap)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* values = x)
            {
                ElementWise.Apply(new SoftCapped(float.CreateTruncating(cap)), (float*)values, (float*)values, x.Length);
            }

            return;
        }

        for (int i = 0; i < x.Length; i++)
        {
            x[i] = cap * T.Tanh(x[i] / cap);
        }
    }
}
