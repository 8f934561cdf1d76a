using System.Globalization;

namespace Cutaway.Models.Parity;

/// <summary>Compares tensors by the goldens' rule |x - reference| ≤ tolerance · (1 + |reference|).</summary>
internal static class Closeness
{
    /// <summary>What differs most, in words, or null where all values are close enough.</summary>
    /// <param name="name">What the values are.</param>
    /// <param name="reference">What was expected.</param>
    /// <param name="found">What was computed.</param>
    /// <param name="tolerance">Of the rule above.</param>
    /// <param name="counts">Whether the value at an index counts; null where all do.</param>
    /// <param name="absolute">Whether the rule is |x - reference| ≤ tolerance.</param>
    public static string? Difference(
        string name, ReadOnlySpan<double> reference, ReadOnlySpan<double> found, double tolerance, Func<int, bool>? counts = null, bool absolute = false)
    {
        if (reference.Length != found.Length)
        {
            return $"{name}: {found.Length} values, {reference.Length} were expected";
        }

        int worst = -1;
        double most = 1;
        for (int i = 0; i < reference.Length; i++)
        {
            if (counts?.Invoke(i) == false || reference[i].Equals(found[i]))
            {
                continue;
            }

            double allowed = tolerance * (absolute ? 1 : 1 + Math.Abs(reference[i]));
            double ratio = Math.Abs(found[i] - reference[i]) / allowed;
            if (!(ratio <= most))
            {
                (worst, most) = (i, ratio);
            }
        }

        return worst < 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{name}: value {worst} is {found[worst]:G9}, {reference[worst]:G9} was expected: {most:G3} times the tolerance {tolerance:G2}");
    }

    /// <summary>Fails the test with the first of the differences.</summary>
    public static void Require(IEnumerable<string?> differences)
    {
        string[] found = [.. differences.OfType<string>()];
        Assert.True(found.Length == 0, found.Length == 0 ? null : $"{found.Length} tensors differ, first {found[0]}");
    }

    /// <summary>Fails the test where values differ.</summary>
    public static void Require(string name, ReadOnlySpan<double> reference, ReadOnlySpan<double> found, double tolerance) =>
        Require([Difference(name, reference, found, tolerance)]);
}
