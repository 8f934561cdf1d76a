using System.Buffers;
using System.Globalization;
using System.Text;

namespace Cutaway.Findings;

/// <summary>Labels as people can read them: tokens often begin with a blank or are a line break.</summary>
internal static class Labels
{
    // C0 and C1 without tab and line breaks; embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9).
    private static readonly SearchValues<char> Unprintable = SearchValues.Create(
        [.. Enumerable.Range(0, 0xa0).Select(i => (char)i).Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r')),
            .. "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]);

    /// <summary>A label with blanks at its ends, line breaks, tabs and other control characters made visible.</summary>
    public static string Visible(string label)
    {
        int start = 0;
        while (start < label.Length && label[start] == ' ')
        {
            start++;
        }

        int end = label.Length;
        while (end > start && label[end - 1] == ' ')
        {
            end--;
        }

        StringBuilder text = new(label.Length);
        for (int i = 0; i < label.Length; i++)
        {
            char c = label[i];
            text.Append(c switch
            {
                ' ' when i < start || i >= end => '·',
                '\n' => '↵',
                '\t' => '⇥',
                '\r' => '␍',
                _ => c,
            });
        }

        return Printable(text.ToString());
    }

    /// <summary>A text without what breaks or reorders what is around it: control characters and bidirectional overrides become a mark.</summary>
    public static string Printable(string text) => text.AsSpan().IndexOfAny(Unprintable) < 0
        ? text
        : string.Create(text.Length, text, (characters, source) => source.AsSpan().ReplaceAny(characters, Unprintable, '\ufffd'));

    /// <summary>A text, or what to say where it is empty.</summary>
    public static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    /// <summary>A label of at most a number of characters as people count them.</summary>
    public static string Clip(string label, int length)
    {
        StringInfo text = new(label);
        return text.LengthInTextElements <= length ? label : text.SubstringByTextElements(0, Math.Max(1, length - 1)) + "…";
    }
}
