using System.Numerics;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>A short vector of weights (a norm, a bias), kept in both precisions.</summary>
public sealed unsafe class WeightVector
{
    private readonly object owner;
    private readonly NativeBuffer<double> doubles;
    private readonly float* floats;
    private readonly bool mutable;

    /// <summary>Takes the values.</summary>
    public WeightVector(double[] values)
    {
        doubles = new NativeBuffer<double>(values.Length);
        values.CopyTo(doubles.Span);
        NativeBuffer<float> narrowed = new(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            narrowed.Span[i] = (float)values[i];
        }

        owner = narrowed;
        floats = narrowed.Pointer;
    }

    private WeightVector(object owner, float* values, int length)
    {
        this.owner = owner;
        floats = values;
        doubles = new NativeBuffer<double>(length);
        mutable = true;
    }

    /// <summary>How many values.</summary>
    public int Length => doubles.Length;

    /// <summary>The values in double precision.</summary>
    public ReadOnlySpan<double> Float64 => new(Pointer<double>(), Length);

    /// <summary>The values in single precision.</summary>
    public ReadOnlySpan<float> Float32 => new(floats, Length);

    /// <summary>A view of single-precision memory that may change from run to run, as parameters in training do.</summary>
    /// <param name="owner">Whatever owns the memory; held for as long as the vector lives.</param>
    /// <param name="values">The first value.</param>
    /// <param name="length">How many values.</param>
    public static WeightVector FromMemory(object owner, float* values, int length) => new(owner, values, length);

    /// <summary>The first value; keep this object referenced while it is used.</summary>
    internal T* Pointer<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            return (T*)floats;
        }

        if (mutable)
        {
            for (int i = 0; i < Length; i++)
            {
                doubles.Span[i] = floats[i];
            }
        }

        GC.KeepAlive(owner);
        return (T*)doubles.Pointer;
    }
}
