namespace Cutaway.Models.Tokenizers;

/// <summary>A token of an encoded text.</summary>
/// <param name="Id">Its row in the vocabulary.</param>
/// <param name="Start">Where it starts in the text, in UTF-16 units.</param>
/// <param name="End">Where it ends.</param>
public readonly record struct Token(int Id, int Start, int End);

/// <summary>A token of two texts that are read together.</summary>
/// <param name="Token">The token; its range is in the text that it is from.</param>
/// <param name="Text">0 or 1 for the first or the second text, or null for a special token between them.</param>
/// <param name="Type">Which part of the input it counts to, for models that have token types.</param>
public readonly record struct PairToken(Token Token, int? Text, int Type);

/// <summary>Turns text into ids and back.</summary>
public interface ITokenizer
{
    /// <summary>How many ids there are, added tokens counted.</summary>
    int Count { get; }

    /// <summary>The token that starts a text, or null.</summary>
    int? BeginOfText { get; }

    /// <summary>The token that ends a text, or null.</summary>
    int? EndOfText { get; }

    /// <summary>Whether <see cref="Encode"/> puts <see cref="BeginOfText"/> first by itself when asked for special tokens.</summary>
    bool AddsBeginOfText { get; }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any text; special tokens written in it are recognised.</param>
    /// <param name="addSpecialTokens">Whether the post-processor adds what the model expects around a text.</param>
    IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true);

    /// <summary>Encodes two texts that are read together, such as a question and a passage, with the special tokens that the model expects around and between them.</summary>
    IReadOnlyList<PairToken> EncodePair(string first, string second) =>
    [
        .. Encode(first, addSpecialTokens: false).Select(token => new PairToken(token, 0, 0)),
        .. Encode(second, addSpecialTokens: false).Select(token => new PairToken(token, 1, 1)),
    ];

    /// <summary>The text of a sequence.</summary>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false);

    /// <summary>The text that one token stands for inside a text, such as " Mary"; bytes that are not a character alone show as U+FFFD.</summary>
    string TokenText(int id);

    /// <summary>The bytes of UTF-8 that one token stands for inside a text; they may begin or end within a character.</summary>
    byte[] TokenBytes(int id) => System.Text.Encoding.UTF8.GetBytes(TokenText(id));
}
