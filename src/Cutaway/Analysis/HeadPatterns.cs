using System.Globalization;

namespace Cutaway.Analysis;

/// <summary>How a head's pattern is compared with the one looked for.</summary>
public enum PatternMeasure
{
    /// <summary>Mean over the queries that have a place to look at, of the attention that falls there: 0 to 1.</summary>
    Mean,

    /// <summary>TransformerLens's <c>mul</c>: the share of all attention that falls on the pattern, ΣAD / ΣA.</summary>
    Mul,

    /// <summary>TransformerLens's <c>abs</c>: 1 - n · mean|A - D|, without its rounding to three decimals.</summary>
    Abs,
}

/// <summary>The patterns that head detectors look for, and how well a head's own pattern fits them.</summary>
public static class HeadPatterns
{
    /// <summary>1 where a query looks at the token before it.</summary>
    public static double[][] PreviousToken(int length) => Fixed(length, 1);

    /// <summary>1 where a query looks at the token a fixed number of places before it.</summary>
    public static double[][] Fixed(int length, int offset) => Build(length, (q, k) => q - k == offset);

    /// <summary>1 where a query looks at an earlier copy of its own token.</summary>
    public static double[][] DuplicateToken(IReadOnlyList<int> ids) => Build(ids.Count, (q, k) => k < q && ids[k] == ids[q]);

    /// <summary>1 where a query looks at the token after an earlier copy of its own token (Olsson et al. 2022).</summary>
    public static double[][] Induction(IReadOnlyList<int> ids) => Build(ids.Count, (q, k) => k > 0 && k - 1 < q && k <= q && ids[k - 1] == ids[q]);

    /// <summary>How well a pattern fits one looked for.</summary>
    /// <param name="pattern">[query][key], a head's attention; not changed.</param>
    /// <param name="sought">[query][key].</param>
    /// <param name="measure">How they are compared.</param>
    /// <param name="excludeFirst">Whether attention to the first token counts as none.</param>
    /// <param name="excludeCurrent">Whether attention of a token to itself counts as none.</param>
    /// <returns>The score; NaN where no query has a place to look at.</returns>
    public static double Score(
        IReadOnlyList<IReadOnlyList<double>> pattern, IReadOnlyList<IReadOnlyList<double>> sought, PatternMeasure measure, bool excludeFirst = false, bool excludeCurrent = false)
    {
        double on = 0;
        double all = 0;
        double apart = 0;
        int queries = 0;
        for (int q = 0; q < pattern.Count; q++)
        {
            bool asks = false;
            for (int k = 0; k < pattern.Count; k++)
            {
                asks |= sought[q][k] != 0;
                if ((excludeFirst && k == 0) || (excludeCurrent && k == q))
                {
                    continue;
                }

                on += pattern[q][k] * sought[q][k];
                all += pattern[q][k];
                apart += Math.Abs(pattern[q][k] - sought[q][k]);
            }

            queries += asks ? 1 : 0;
        }

        return measure switch
        {
            PatternMeasure.Mul => on / all,
            PatternMeasure.Abs => 1 - (apart / pattern.Count),
            _ => on / queries,
        };
    }

    /// <summary>Reads a pattern from a file: one query a line, numbers divided by spaces, commas or tabs.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Tokens of the prompt, which must be its rows and columns.</param>
    /// <exception cref="CutawayException">The file cannot be read, or is no lower-triangular matrix of that size.</exception>
    public static double[][] Read(string path, int length)
    {
        string[] lines;
        try
        {
            lines = [.. File.ReadLines(path).Where(line => line.Trim().Length > 0)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the pattern {path} cannot be read: {error.Message}", error);
        }

        double[][] rows = [.. lines.Select((line, row) => line.Split([' ', ',', '\t', ';'], StringSplitOptions.RemoveEmptyEntries)
            .Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw CutawayException.Input($"the pattern {path}, line {row + 1}: '{text}' is not a number"))
            .ToArray())];
        if (rows.Length != length || rows.Any(row => row.Length != length))
        {
            throw CutawayException.Input($"the pattern {path} has {rows.Length} rows of {rows.FirstOrDefault(row => row.Length != length)?.Length ?? length} numbers; the prompt has {length} tokens, so [{length}, {length}] is expected");
        }

        for (int q = 0; q < length; q++)
        {
            int ahead = Array.FindIndex(rows[q], q + 1, value => value != 0);
            if (ahead >= 0)
            {
                throw CutawayException.Input($"the pattern {path} has {rows[q][ahead]} at row {q}, column {ahead}: no token can look ahead, so it must be zero above the diagonal");
            }
        }

        return rows;
    }

    private static double[][] Build(int length, Func<int, int, bool> looks) =>
        [.. Enumerable.Range(0, length).Select(q => Enumerable.Range(0, length).Select(k => looks(q, k) ? 1.0 : 0.0).ToArray())];
}
