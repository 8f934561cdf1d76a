using System.Globalization;

namespace Cutaway.Planning;

/// <summary>An amount of memory, written as a number and a unit: <c>512MB</c>, <c>2GB</c>.</summary>
/// <param name="Bytes">How many bytes.</param>
public sealed record MemorySize(long Bytes)
{
    // Decimal, as memory is sold and as everything here is printed.
    private static readonly (string Unit, long Bytes)[] Units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];

    /// <summary>What a batch of experiments may take where nothing else is said.</summary>
    public static MemorySize Default { get; } = new(1_000_000_000);

    /// <summary>Reads an amount such as <c>2GB</c>; without a unit, of bytes.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static MemorySize Parse(string text)
    {
        string trimmed = text.Trim();
        (string unit, long size) = Units.FirstOrDefault(entry => trimmed.EndsWith(entry.Unit, StringComparison.OrdinalIgnoreCase), ("", 1));
        return double.TryParse(trimmed[..^unit.Length], NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number)
            && number * size is >= 1 and < long.MaxValue
                ? new MemorySize((long)(number * size))
                : throw new FormatException("an amount of memory is a number and a unit, such as 512MB or 2GB");
    }

    /// <summary>An amount to three digits, for people: <c>98.1 MB</c>.</summary>
    public static string Rounded(long bytes)
    {
        (string unit, long size) = UnitOf(bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / size:G3} {unit}");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        (string unit, long size) = UnitOf(Bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{(double)Bytes / size:R}{unit}");
    }

    private static (string Unit, long Bytes) UnitOf(long bytes) => Units.First(entry => bytes >= entry.Bytes || entry.Bytes == 1);
}
