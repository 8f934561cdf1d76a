using System.Text;

namespace Cutaway.Models.Formats;

/// <summary>Makes text from files fit for messages: short, on one line, without control characters.</summary>
internal static class Quote
{
    private const int Longest = 80;

    /// <summary>The text in quotation marks.</summary>
    public static string Name(string text)
    {
        StringBuilder quoted = new("'");
        foreach (char character in text.AsSpan(0, Math.Min(text.Length, Longest)))
        {
            if (char.IsControl(character) || char.IsSurrogate(character))
            {
                quoted.Append('?');
            }
            else
            {
                quoted.Append(character);
            }
        }

        return quoted.Append(text.Length > Longest ? "…'" : "'").ToString();
    }

    /// <summary>A shape in brackets.</summary>
    public static string Shape(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape.Take(8))}{(shape.Count > 8 ? ", …" : "")}]";
}
