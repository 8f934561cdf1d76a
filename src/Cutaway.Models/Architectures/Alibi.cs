namespace Cutaway.Models.Architectures;

/// <summary>The slopes of ALiBi (Press et al. 2022): a geometric series where the heads are a power of two, and for further heads every other term of the series for twice as many.</summary>
internal static class Alibi
{
    private const double Steepness = 8;

    /// <summary>One slope a head.</summary>
    /// <param name="heads">How many heads.</param>
    /// <param name="steepness">The last slope of a power of two is 2 to minus this.</param>
    public static double[] Slopes(int heads, double steepness = Steepness)
    {
        int power = 1 << (int)Math.Log2(heads);
        return
        [
            .. Enumerable.Range(1, power).Select(i => Math.Pow(2, -steepness * i / power)),
            .. Enumerable.Range(0, heads - power).Select(i => Math.Pow(2, -steepness * ((2 * i) + 1) / (2 * power))),
        ];
    }
}
