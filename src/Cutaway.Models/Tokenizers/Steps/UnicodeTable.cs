using System.Globalization;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>
/// The data behind Unicode's normal forms, from the embedded UnicodeForms.txt. .NET would ask ICU for them, a native library that is not there
/// when the runtime is globalization-invariant. It is read when a text first needs it.
/// </summary>
internal sealed class UnicodeTable
{
    private static readonly Lazy<UnicodeTable> Loaded = new(() => new UnicodeTable());

    private readonly Dictionary<int, (int[] Parts, bool Compatible)> decompositions = [];
    private readonly Dictionary<(int First, int Second), int> compositions = [];
    private readonly Dictionary<int, byte> classes = [];

    private UnicodeTable()
    {
        using Stream stream = typeof(UnicodeTable).Assembly.GetManifestResourceStream("Cutaway.Models.UnicodeForms.txt")!;
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Add(line);
            }
        }
    }

    /// <summary>The table.</summary>
    public static UnicodeTable Instance => Loaded.Value;

    /// <summary>The canonical combining class of a code point; 0 for a starter.</summary>
    public byte Class(int point) => classes.GetValueOrDefault(point);

    /// <summary>One step of the decomposition of a code point, or null.</summary>
    public int[]? Decomposition(int point, bool compatible) =>
        decompositions.TryGetValue(point, out (int[] Parts, bool Compatible) entry) && (compatible || !entry.Compatible) ? entry.Parts : null;

    /// <summary>The code point that two compose to, or null.</summary>
    public int? Composition(int first, int second) => compositions.TryGetValue((first, second), out int composed) ? composed : null;

    private void Add(string line)
    {
        int mark = line.AsSpan().IndexOfAny("=!~-");
        int point = Hex(line.AsSpan(0, mark));
        if (line[mark] == '-')
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            byte value = byte.Parse(line.AsSpan(colon + 1), CultureInfo.InvariantCulture);
            for (int last = Hex(line.AsSpan(mark + 1, colon - mark - 1)); point <= last; point++)
            {
                classes.Add(point, value);
            }

            return;
        }

        int[] parts = Array.ConvertAll(line[(mark + 1)..].Split(' '), part => Hex(part));
        decompositions.Add(point, (parts, line[mark] == '~'));
        if (line[mark] == '=' && parts is [int first, int second])
        {
            compositions.Add((first, second), point);
        }
    }

    private static int Hex(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
