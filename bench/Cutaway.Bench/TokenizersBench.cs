using System.Globalization;
using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Bench;

/// <summary>Turning text into ids on one core: English and code of this repository, and lines of one letter, each in MB of UTF-8 a second and as a share of copying the text.</summary>
internal static class TokenizersBench
{
    private const int LineLength = 10_000_000;

    /// <summary>Prints a row for each tokenizer and text; run from the repository's root. Byte-level BPE has SmolLM2's vocabulary (CUTAWAY_SHARED).</summary>
    public static void Run(string[] args)
    {
        string goldens = Path.Combine("tests", "Goldens", "tokenizers");
        List<(string Name, Func<ITokenizer> Open)> tokenizers = [.. new[] { "bpe-llama3", "sentencepiece-bpe", "unigram", "wordpiece" }
            .Select(name => (name, (Func<ITokenizer>)(() => TokenizerLoader.FromFolder(Path.Combine(goldens, name)))))];
        if (BenchModels.SmolLm2 is { } model)
        {
            tokenizers.Insert(0, ("SmolLM2", () => TokenizerLoader.FromGguf(GgufFile.Open(model))));
        }

        string[] lines = [.. Files("*.cs").SelectMany(File.ReadLines)];
        string english = string.Join('\n', Files("*.md").SelectMany(File.ReadLines).Concat(lines.Select(line => line.Trim()).Where(line => line.StartsWith("///", StringComparison.Ordinal))));
        string code = string.Join('\n', lines);
        Console.WriteLine($"{"tokenizer",-20}{"text",-10}{"MB",8}{"first MB/s",12}{"best MB/s",12}{"bytes/token",12}{"of a copy",12}");
        foreach ((string name, Func<ITokenizer> open) in tokenizers.Where(one => args.Length == 0 || args.Contains(one.Name)))
        {
            Row(name, "English", open, english);
            Row(name, "code", open, code);
            Row(name, "one line", open, new string('a', LineLength));
        }
    }

    private static void Row(string name, string what, Func<ITokenizer> open, string text)
    {
        double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        char[] copy = new char[text.Length];
        double copying = Machine.Best(() => text.CopyTo(copy), 0.1);

        // A short text first, so that what is measured is not compiling.
        ITokenizer tokenizer = open();
        for (int i = 0; i < 50; i++)
        {
            tokenizer.Encode(text[..Math.Min(text.Length, 20_000)]);
        }

        tokenizer = open();
        int count = 0;
        double first = Machine.Once(() => count = tokenizer.Encode(text).Count);
        double best = first < 2 ? Machine.Best(() => tokenizer.Encode(text), 1) : first;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-20}{what,-10}{megabytes,8:F1}{megabytes / first,12:F1}{megabytes / best,12:F1}{1e6 * megabytes / count,12:F2}{$"1/{best / copying:F0}",12}"));
    }

    private static IEnumerable<string> Files(string pattern) => new[] { "src", "tests", "docs", "samples", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)).Order(StringComparer.Ordinal);
}
