using System.Globalization;
using System.Text;

namespace Cutaway.Findings;

/// <summary>Labels as people can read them: tokens often begin with a blank or are a line break.</summary>
internal static class Labels
{
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
                // Bidirectional overrides would reorder what is around them.
                >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' => '�',
                _ when char.IsControl(c) => '�',
                _ => c,
            });
        }

        return text.ToString();
    }

    /// <summary>A label of at most a number of characters as people count them.</summary>
    public static string Clip(string label, int length)
    {
        StringInfo text = new(label);
        return text.LengthInTextElements <= length ? label : text.SubstringByTextElements(0, Math.Max(1, length - 1)) + "…";
    }
}
