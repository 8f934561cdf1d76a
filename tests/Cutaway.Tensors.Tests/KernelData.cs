using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Tests;

/// <summary>Inputs for kernel tests: the same on every run.</summary>
internal static class KernelData
{
    /// <summary>Lengths around every vector width, and one that fills caches a little.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(0, 71).Append(1000).Append(4099);

    /// <summary>Values that break careless kernels: zeros, infinities, NaN, denormals, the largest and the smallest.</summary>
    public static float[] Extremes { get; } =
    [
        0f, -0f, 1f, -1f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f,
        float.MaxValue, float.MinValue, 1e30f, -1e30f, 1e-30f, 88.7f, 88.8f, -87.3f, -88f, -103.9f, -104.1f, 20f, -20f, 9f, -9f,
    ];

    /// <summary>Normally distributed values.</summary>
    public static float[] Normal(int length, int seed, double scale = 1)
    {
        Random random = new(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    /// <summary>Random stored bytes of a type: any pattern, so scales may be denormal, infinite or NaN, unless <paramref name="finite"/>.</summary>
    public static byte[] Stored(ElementType type, int count, int seed, bool finite)
    {
        byte[] bytes = new byte[type.BytesFor(count)];
        Random random = new(seed);
        random.NextBytes(bytes);
        if (!finite)
        {
            return bytes;
        }

        // One in four sixteen-bit words or so is a scale: clearing the top exponent bit of all keeps every float small.
        int step = type == ElementType.Float32 ? 4 : type == ElementType.Float64 ? 8 : type.ValuesPerBlock() == 1 ? type.BytesPerBlock() : 0;
        if (step > 0)
        {
            for (int i = step - 1; i < bytes.Length; i += step)
            {
                bytes[i] &= 0xBF;
            }

            return bytes;
        }

        foreach (int offset in ScaleOffsets(type))
        {
            for (int block = 0; block < bytes.Length; block += type.BytesPerBlock())
            {
                bytes[block + offset + 1] &= 0xAF;
            }
        }

        return bytes;
    }

    /// <summary>A weight of finite random values.</summary>
    public static unsafe WeightMatrix Weight(ElementType type, int rows, int columns, int seed, bool transposed = false)
    {
        (int storedRows, int storedColumns) = transposed ? (columns, rows) : (rows, columns);
        NativeBuffer<byte> bytes = new(checked((int)(storedRows * type.BytesFor(storedColumns))));
        Stored(type, storedRows * storedColumns, seed, finite: true).CopyTo(bytes.Span);
        return WeightMatrix.FromMemory(bytes, bytes.Pointer, type, storedRows, storedColumns, transposed);
    }

    private static int[] ScaleOffsets(ElementType type) => type switch
    {
        ElementType.Q4_1 or ElementType.Q5_1 or ElementType.Q4_K or ElementType.Q5_K => [0, 2],
        ElementType.Q2_K => [80, 82],
        ElementType.Q3_K => [108],
        ElementType.Q6_K => [208],
        ElementType.MXFP4 => [-1],
        ElementType.TQ1_0 => [52],
        ElementType.TQ2_0 => [64],
        ElementType.IQ1_M => [54],
        _ => [0],
    };
}
