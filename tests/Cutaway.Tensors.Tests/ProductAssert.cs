using System.Numerics;

namespace Cutaway.Tensors.Tests;

/// <summary>Compares products with their definition.</summary>
internal static class ProductAssert
{
    /// <summary>
    /// Two ways of summing k products differ by at most 2·k·u·Σ|a·b|, with the unit roundoff u (Higham 2002, section 3.1);
    /// with four more roundings for alpha, bias and what was there.
    /// </summary>
    /// <param name="expected">The definition's results.</param>
    /// <param name="actual">The results in question.</param>
    /// <param name="magnitudes">Σ|a·b| with everything that is added, one for each result.</param>
    /// <param name="k">The inner length.</param>
    public static void Close<T>(T[] expected, T[] actual, T[] magnitudes, int k)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Assert.Equal(expected.Length, actual.Length);
        double unit = typeof(T) == typeof(float) ? 1.0 / (1 << 24) : 1.0 / (1L << 53);
        for (int i = 0; i < expected.Length; i++)
        {
            double bound = 2 * (k + 4) * unit * double.CreateTruncating(magnitudes[i]);
            double difference = Math.Abs(double.CreateTruncating(expected[i]) - double.CreateTruncating(actual[i]));
            Assert.True(difference <= bound || expected[i].Equals(actual[i]) || !double.IsFinite(bound), $"element {i}: {expected[i]} expected, {actual[i]} computed, {bound} allowed");
        }
    }

    /// <summary>The same bits everywhere.</summary>
    public static void SameBits<T>(T[] expected, T[] actual)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Equals(actual[i]), $"element {i}: {expected[i]:R} and {actual[i]:R}");
        }
    }
}
