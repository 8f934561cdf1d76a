using Spectre.Console;

namespace Cutaway.Findings.Console;

/// <summary>
/// Maps numbers to shares and colours. Where zero is a middle, orange is above it and blue below; elsewhere white goes to dark blue.
/// Both scales keep their order for people with any colour blindness and in grey.
/// </summary>
internal sealed class ColourScale
{
    private static readonly (int R, int G, int B)[] Blues = [(247, 251, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107)];
    private static readonly (int R, int G, int B)[] Oranges = [(247, 247, 247), (254, 224, 182), (253, 184, 99), (224, 130, 20), (160, 80, 8)];
    private readonly double low;
    private readonly double high;

    private ColourScale(double low, double high, bool diverging)
    {
        this.low = low;
        this.high = high;
        Diverging = diverging;
    }

    /// <summary>Whether zero is the middle.</summary>
    public bool Diverging { get; }

    /// <summary>A scale over some numbers; those that are not finite do not count.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="diverging">Whether zero is a natural middle.</param>
    public static ColourScale Of(IEnumerable<double> values, bool diverging)
    {
        double least = double.PositiveInfinity;
        double most = double.NegativeInfinity;
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                least = Math.Min(least, value);
                most = Math.Max(most, value);
            }
        }

        if (least > most)
        {
            return new ColourScale(0, 1, diverging);
        }

        if (diverging)
        {
            double reach = Math.Max(Math.Abs(least), Math.Abs(most));
            return new ColourScale(-reach, reach, true);
        }

        // Shares and probabilities start at nothing, whatever the smallest of them is.
        return new ColourScale(least >= 0 ? 0 : least, most, false);
    }

    /// <summary>How far a number is from the scale's start, or from its middle: 0 to 1, NaN for none.</summary>
    public double Share(double value)
    {
        if (double.IsNaN(value))
        {
            return double.NaN;
        }

        double span = Diverging ? high : high - low;
        double from = Diverging ? Math.Abs(value) : value - low;
        return span > 0 ? Math.Clamp(from / span, 0, 1) : 0;
    }

    /// <summary>The colours of a number.</summary>
    public Style Style(double value)
    {
        if (double.IsNaN(value))
        {
            return Spectre.Console.Style.Plain;
        }

        (int r, int g, int b) = Blend(Diverging && value > 0 ? Oranges : Blues, Share(value));
        bool dark = (0.299 * r) + (0.587 * g) + (0.114 * b) < 130;
        return new Style(dark ? new Color(255, 255, 255) : new Color(0, 0, 0), new Color((byte)r, (byte)g, (byte)b));
    }

    private static (int R, int G, int B) Blend((int R, int G, int B)[] stops, double share)
    {
        double place = share * (stops.Length - 1);
        int stop = Math.Min((int)place, stops.Length - 2);
        double rest = place - stop;
        return (
            Mix(stops[stop].R, stops[stop + 1].R, rest),
            Mix(stops[stop].G, stops[stop + 1].G, rest),
            Mix(stops[stop].B, stops[stop + 1].B, rest));
    }

    private static int Mix(int a, int b, double share) => (int)Math.Round(a + ((b - a) * share));
}
