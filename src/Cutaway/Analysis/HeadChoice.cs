using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>One head.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Head">Its index in the layer.</param>
public sealed record HeadName(int Layer, int Head)
{
    /// <summary>Reads a head written as layer.head, such as <c>23.3</c>.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static HeadName Parse(string text) =>
        text.Split('.') is [string layer, string head]
        && int.TryParse(layer, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int l)
        && int.TryParse(head, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int h)
            ? new HeadName(l, h)
            : throw new FormatException("a head is written layer.head, such as 23.3");

    /// <inheritdoc/>
    public override string ToString() => $"{Layer}.{Head}";
}

/// <summary>Picks heads whose patterns say most about a text.</summary>
internal static class HeadChoice
{
    /// <summary>
    /// How sharply a head looks back: over the queries from position 2 on, the mean of the largest weight on any token between
    /// the first and the query itself. Resting on the first token and looking at oneself count nothing.
    /// </summary>
    /// <param name="pattern">[query][key].</param>
    public static double LooksBack(IReadOnlyList<IReadOnlyList<double>> pattern)
    {
        double sum = 0;
        int queries = 0;
        for (int q = 2; q < pattern.Count; q++)
        {
            double largest = 0;
            for (int k = 1; k < q; k++)
            {
                largest = Math.Max(largest, pattern[q][k]);
            }

            sum += largest;
            queries++;
        }

        return queries == 0 ? 0 : sum / queries;
    }

    /// <summary>The heads that look back most sharply, sharpest first; ties go to the lower layer and head.</summary>
    /// <param name="run">A run that captured all patterns.</param>
    /// <param name="count">How many.</param>
    public static IReadOnlyList<HeadName> MostTelling(Run run, int count) =>
    [
        .. Enumerable.Range(0, run.Model.Config.Layers)
            .SelectMany(layer => Enumerable.Range(0, run.Model.Config.Heads).Select(head => new HeadName(layer, head)))
            .OrderByDescending(head => LooksBack(Pattern(run, head)))
            .Take(count),
    ];

    /// <summary>A head's pattern, [query][key].</summary>
    public static double[][] Pattern(Run run, HeadName head, int sequence = 0)
    {
        Tensor patterns = run[Site.Pattern(head.Layer)];
        int length = patterns.Shape[^1];
        int offset = ((sequence * patterns.Shape[1]) + head.Head) * length * length;
        return [.. Enumerable.Range(0, length).Select(q => Enumerable.Range(0, length).Select(k => patterns.At(offset + (q * length) + k)).ToArray())];
    }
}
