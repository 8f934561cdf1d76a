using System.Text;
using System.Text.Json;

namespace Cutaway.Models.Tokenizers;

/// <summary>The strings of a golden file with the ids, offsets and texts that the reference made of them.</summary>
internal static class GoldenStrings
{
    /// <summary>Checks every string of a file; the first few differences are listed.</summary>
    public static void Check(ITokenizer tokenizer, string path)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray()];
        HashSet<string> withSpecial = [.. cases.Where(IsSpecial).Select(Text)];
        List<string> wrong = [];
        foreach (JsonElement one in cases)
        {
            string text = Text(one);
            IReadOnlyList<Token> tokens = tokenizer.Encode(text, IsSpecial(one));
            int[] ids = [.. tokens.Select(token => token.Id)];
            int[] points = CodePoints(text);
            Compare(wrong, text, "ids", string.Join(' ', one.GetProperty("ids").EnumerateArray()), string.Join(' ', ids));
            Compare(wrong, text, "offsets",
                string.Join(' ', one.GetProperty("offsets").EnumerateArray().Select(pair => $"{pair[0]}-{pair[1]}")),
                string.Join(' ', tokens.Select(token => $"{points[token.Start]}-{points[token.End]}")));
            Compare(wrong, text, "decoded", one.GetProperty("decoded").GetString()!, tokenizer.Decode(ids, skipSpecialTokens: true));
            Compare(wrong, text, "decoded with special tokens", one.GetProperty("decoded_with_special").GetString()!, tokenizer.Decode(ids));
            if (!withSpecial.Contains(text))
            {
                // Where the reference lists no second case, special tokens change nothing.
                Assert.Equal(ids, tokenizer.Encode(text).Select(token => token.Id));
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(12)));
        Assert.True(cases.Length >= 50, "the golden file holds too few strings");
    }

    private static bool IsSpecial(JsonElement one) => one.GetProperty("special_tokens").GetBoolean();

    private static string Text(JsonElement one) => one.GetProperty("text").GetString()!;

    private static void Compare(List<string> wrong, string text, string what, string expected, string actual)
    {
        if (expected != actual)
        {
            wrong.Add($"{what} of {JsonSerializer.Serialize(text.Length > 60 ? text[..60] : text)}:\n  {expected}\n  {actual}");
        }
    }

    /// <summary>For each UTF-16 position, how many code points lie before it; -1 within a pair.</summary>
    private static int[] CodePoints(string text)
    {
        int[] points = new int[text.Length + 1];
        Array.Fill(points, -1);
        int position = 0;
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            points[position] = count++;
            position += rune.Utf16SequenceLength;
        }

        points[position] = count;
        return points;
    }
}
