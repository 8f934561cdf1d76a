using Cutaway.Analysis;

namespace Cutaway.Techniques.Causes;

/// <summary>A place that was patched, and what that did.</summary>
/// <param name="Place">Such as <c>head 9.6</c> or <c>layer 3, position 4</c>.</param>
/// <param name="Effect">The change of the metric; in which units, the finding says.</param>
public sealed record PatchEffect(string Place, double Effect)
{
    /// <summary>The places of a grid, those that do not exist (NaN) left out.</summary>
    /// <param name="labels">What rows and columns are.</param>
    /// <param name="by">How the grid is split.</param>
    /// <param name="effects">[row][column].</param>
    internal static IEnumerable<PatchEffect> Of(PatchLabels labels, PatchBy by, IReadOnlyList<IReadOnlyList<double>> effects) =>
        effects.SelectMany((row, r) => row.Select((effect, c) => new PatchEffect(labels.Place(by, r, c), effect))).Where(entry => !double.IsNaN(entry.Effect));
}
