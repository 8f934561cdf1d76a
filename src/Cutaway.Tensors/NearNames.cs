namespace Cutaway;

/// <summary>The nearest known names to one that is not known, for messages.</summary>
public static class NearNames
{
    /// <summary>The end of an error message: <c>; did you mean 'a' or 'b'?</c>, or empty when nothing is near.</summary>
    /// <param name="typed">The name that is not known.</param>
    /// <param name="known">The names that are.</param>
    public static string Suggest(string typed, IEnumerable<string> known)
    {
        string[] near = [.. Nearest(typed, known, 3)];
        return near.Length == 0 ? "" : $"; did you mean {string.Join(" or ", near.Select(name => $"'{name}'"))}?";
    }

    private static IEnumerable<string> Nearest(string typed, IEnumerable<string> known, int count)
    {
        int limit = Math.Max(2, typed.Length / 3);
        return known
            .Select(name => (name, distance: Math.Abs(name.Length - typed.Length) > limit ? int.MaxValue : Distance(typed, name)))
            .Where(pair => pair.distance <= limit || (typed.Length >= 3 && pair.name.Contains(typed, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(pair => pair.distance)
            .ThenBy(pair => pair.name, StringComparer.Ordinal)
            .Take(count)
            .Select(pair => pair.name);
    }

    /// <summary>How many single-character edits lead from one name to another, ignoring case (Levenshtein 1966).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }
}
