using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Changes the texts of a sequence of tokens on the way to one text.</summary>
internal delegate List<string> Decoder(List<string> texts);

/// <summary>The steps from tokens to text.</summary>
internal static class Decoders
{
    // What the published decoder tidies, in its order; each token is tidied by itself.
    private static readonly (string Untidy, string Tidy)[] Tidied =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>Tokens are words: a space between them.</summary>
    public static Decoder Words { get; } = static texts => [string.Join(' ', texts)];

    /// <summary>The byte alphabet.</summary>
    public static Decoder Bytes { get; } = static texts =>
    {
        List<byte> bytes = [];
        foreach (string text in texts)
        {
            ByteLevel.Decode(text, bytes);
        }

        return [Encoding.UTF8.GetString([.. bytes])];
    };

    /// <summary>Tokens such as <c>&lt;0x0A&gt;</c> are bytes; a run of them that is no UTF-8 is one U+FFFD a byte.</summary>
    public static Decoder ByteFallback { get; } = static texts =>
    {
        List<string> decoded = [];
        List<byte> bytes = [];
        foreach (string text in texts)
        {
            if (WrittenByte(text) is byte value)
            {
                bytes.Add(value);
                continue;
            }

            Flush(bytes, decoded);
            decoded.Add(text);
        }

        Flush(bytes, decoded);
        return decoded;
    };

    /// <summary>All texts become one.</summary>
    public static Decoder Fuse { get; } = static texts => [string.Concat(texts)];

    /// <summary>One after another.</summary>
    public static Decoder Sequence(IReadOnlyList<Decoder> steps) => texts =>
    {
        foreach (Decoder step in steps)
        {
            texts = step(texts);
        }

        return texts;
    };

    /// <summary>Replaces within each text.</summary>
    public static Decoder Replace(TextPattern pattern, string content) =>
        texts => texts.ConvertAll(text => Normalizers.Replace(new AlignedText(text), pattern, content).Span.ToString());

    /// <summary>Drops up to so many of a character at the start and the end of each text.</summary>
    public static Decoder Strip(char character, int atStart, int atEnd) => texts => texts.ConvertAll(text =>
    {
        int start = 0;
        while (start < atStart && start < text.Length && text[start] == character)
        {
            start++;
        }

        int end = text.Length;
        while (end > start && text.Length - end < atEnd && text[end - 1] == character)
        {
            end--;
        }

        return text[start..end];
    });

    /// <summary>SentencePiece's marks become spaces; those of the first text are dropped if a mark was put in front.</summary>
    public static Decoder Metaspace(char mark, bool dropFirst) => texts =>
        [.. texts.Select((text, index) => index == 0 && dropFirst ? text.Replace(mark.ToString(), "", StringComparison.Ordinal) : text.Replace(mark, ' '))];

    /// <summary>The byte that a token such as <c>&lt;0x0A&gt;</c> stands for, or null.</summary>
    public static byte? WrittenByte(string token) =>
        token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : null;

    /// <summary>WordPiece's tokens: a space before each but the first, or none where it is written with the prefix.</summary>
    /// <param name="prefix">What tokens within a word are written with.</param>
    /// <param name="cleans">Whether the spaces before punctuation and the endings of English contractions are dropped.</param>
    /// <param name="first">Whether the first text begins the whole; else it is inside one.</param>
    public static Decoder WordPiece(string prefix, bool cleans, bool first) => texts =>
        [.. texts.Select((text, index) =>
        {
            text = first && index == 0 ? text
                : prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..]
                : " " + text;
            return cleans ? Tidied.Aggregate(text, (tidy, pair) => tidy.Replace(pair.Untidy, pair.Tidy, StringComparison.Ordinal)) : text;
        })];

    private static void Flush(List<byte> bytes, List<string> decoded)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        byte[] run = [.. bytes];
        bytes.Clear();
        decoded.Add(System.Text.Unicode.Utf8.IsValid(run) ? Encoding.UTF8.GetString(run) : new string('\uFFFD', run.Length));
    }
}
