using Cutaway.Models.Tokenizers;

namespace Cutaway.Tests.Models;

/// <summary>A tokenizer of whole words, enough for tests: " Mary" is one token, and every token's text starts with a space.</summary>
internal sealed class WordTokenizer(params string[] words) : ITokenizer
{
    public int Count => words.Length;

    public int? BeginOfText { get; init; }

    public int? EndOfText { get; init; }

    public bool AddsBeginOfText => BeginOfText is not null;

    /// <summary>The words w0, w1, … of the tiny golden models, and a last one that begins a text.</summary>
    public static WordTokenizer Numbered(int count) => new([.. Enumerable.Range(0, count - 1).Select(i => $"w{i}"), "<bos>"]);

    public IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true)
    {
        List<Token> tokens = [];
        if (addSpecialTokens && BeginOfText is int begin)
        {
            tokens.Add(new Token(begin, 0, 0));
        }

        int start = 0;
        foreach (string word in text.Split(' '))
        {
            if (word.Length > 0)
            {
                int id = Array.IndexOf(words, word);
                tokens.Add(new Token(id >= 0 ? id : throw new ArgumentException($"no word '{word}'"), start, start + word.Length));
            }

            start += word.Length + 1;
        }

        return tokens;
    }

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        string text = "";
        foreach (int id in ids)
        {
            text += skipSpecialTokens && (id == BeginOfText || id == EndOfText) ? "" : TokenText(id);
        }

        return text;
    }

    public string TokenText(int id) => " " + words[id];
}
