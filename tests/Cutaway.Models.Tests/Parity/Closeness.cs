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
        string name, ReadOnlySpan<double> reference, ReadOnlySpan<double> found, double tolerance, Func<int, bool>? counts = null, bool absolute = false) =>
        Comparison.Of(name, reference, found, tolerance, counts, absolute).Fault;

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
