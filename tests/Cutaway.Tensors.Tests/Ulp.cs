namespace Cutaway.Tensors.Tests;

/// <summary>Distances in units of the last place of single precision.</summary>
internal static class Ulp
{
    /// <summary>How far a result is from the exact value, in spacings of single-precision numbers around the exact value.</summary>
    public static double Distance(double exact, float actual)
    {
        float near = (float)exact;
        if (float.IsNaN(near) || float.IsNaN(actual))
        {
            return float.IsNaN(near) && float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        }

        if (float.IsInfinity(near) || float.IsInfinity(actual))
        {
            return near == actual ? 0 : double.PositiveInfinity;
        }

        float size = MathF.Abs(near);
        double spacing = size == float.MaxValue ? size - (double)MathF.BitDecrement(size) : MathF.BitIncrement(size) - (double)size;
        return Math.Abs(actual - exact) / spacing;
    }
}
