using System.Globalization;

namespace Cutaway.Models.Parity;

/// <summary>One tensor compared with its reference, by the goldens' rule |x - reference| ≤ tolerance · (1 + |reference|).</summary>
/// <param name="Site">What it is: a hook point, <c>logits</c>, a parameter's gradient.</param>
/// <param name="Worst">The largest distance in tolerances: up to 1 is as it should be.</param>
/// <param name="Fault">What is wrong, in words, or null.</param>
public sealed record Comparison(string Site, double Worst, string? Fault)
{
    /// <summary>A tensor that cannot be compared at all.</summary>
    public static Comparison Failed(string site, string reason) => new(site, double.PositiveInfinity, $"{site}: {reason}");

    /// <summary>Compares values.</summary>
    /// <param name="site">What they are.</param>
    /// <param name="reference">What was expected.</param>
    /// <param name="found">What was computed.</param>
    /// <param name="tolerance">Of the rule above.</param>
    /// <param name="counts">Whether the value at an index counts; null where all do.</param>
    /// <param name="absolute">Whether the rule is |x - reference| ≤ tolerance.</param>
    /// <param name="shape">Extents, to say where a value is; empty to give its index.</param>
    public static Comparison Of(
        string site, ReadOnlySpan<double> reference, ReadOnlySpan<double> found, double tolerance, Func<int, bool>? counts = null, bool absolute = false, IReadOnlyList<long>? shape = null)
    {
        if (reference.Length != found.Length)
        {
            return Failed(site, $"{found.Length} values, {reference.Length} were expected");
        }

        int at = -1;
        double worst = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            if (counts?.Invoke(i) == false || reference[i].Equals(found[i]))
            {
                continue;
            }

            double ratio = Math.Abs(found[i] - reference[i]) / (tolerance * (absolute ? 1 : 1 + Math.Abs(reference[i])));
            if (!(ratio <= worst))
            {
                (at, worst) = (i, double.IsNaN(ratio) ? double.PositiveInfinity : ratio);
            }
        }

        return new(site, worst, worst <= 1
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{site}: value {Place(at, shape)} is {found[at]:G9}, {reference[at]:G9} was expected: {worst:G3} times the tolerance {tolerance:G2}"));
    }

    private static string Place(int index, IReadOnlyList<long>? shape)
    {
        if (shape is null || shape.Count < 2)
        {
            return $"{index}";
        }

        long[] place = new long[shape.Count];
        for (int axis = shape.Count - 1; axis >= 0; axis--)
        {
            place[axis] = index % shape[axis];
            index /= (int)shape[axis];
        }

        return $"[{string.Join(", ", place)}]";
    }
}
