using System.Globalization;

namespace Cutaway.Findings;

/// <summary>Writes numbers of one kind alike: as many decimals as the largest of them needs for four digits.</summary>
internal readonly struct NumberFormat
{
    private readonly string format;

    private NumberFormat(string format) => this.format = format;

    /// <summary>The format that fits some numbers; NaN and infinities do not count.</summary>
    public static NumberFormat For(IEnumerable<double> values)
    {
        double largest = 0;
        bool whole = true;
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                largest = Math.Max(largest, Math.Abs(value));
                whole &= double.IsInteger(value);
            }
        }

        if (largest is >= 1e15 or (> 0 and < 1e-4) || (!whole && largest >= 1e6))
        {
            return new NumberFormat("0.000e+0");
        }

        return OfDecimals(whole ? 0 : Math.Clamp(3 - (largest > 0 ? (int)Math.Floor(Math.Log10(largest)) : 0), 0, 6));
    }

    /// <summary>A number of decimals, the same for all.</summary>
    public static NumberFormat OfDecimals(int decimals) => new("F" + decimals.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number as text; a dash where there is none.</summary>
    public string Text(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "-" : value > 0 ? "inf" : "-inf";
        }

        string text = value.ToString(format ?? "G4", CultureInfo.InvariantCulture);
        return text.StartsWith('-') && text.AsSpan(1).IndexOfAnyExcept('0', '.') < 0 ? text[1..] : text;
    }

    /// <summary>The number in a table's cell, or null for text.</summary>
    public static double? Number(object? cell) => cell switch
    {
        double number => number,
        float number => number,
        int number => number,
        long number => number,
        Half number => (double)number,
        decimal number => (double)number,
        byte or sbyte or short or ushort or uint or ulong => Convert.ToDouble(cell, CultureInfo.InvariantCulture),
        _ => null,
    };
}
