using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers;

/// <summary>
/// A tokenizer as a chain of steps: added tokens are found, the text between them is normalised and cut into words, a model turns words into tokens,
/// a post-processor puts special tokens around them; a decoder turns tokens into text.
/// </summary>
internal sealed class Tokenizer : ITokenizer
{
    private readonly Vocabulary vocabulary;
    private readonly ITokenModel model;
    private readonly HashSet<int> special;
    private readonly HashSet<int> added;
    private readonly AddedTokenFinder? inText;
    private readonly AddedTokenFinder? inNormalized;
    private WordCache? spareCache;

    /// <summary>Joins a vocabulary, its model and the tokens added to it.</summary>
    public Tokenizer(Vocabulary vocabulary, ITokenModel model, IReadOnlyList<AddedToken> addedTokens, Normalizer normalizer)
    {
        this.vocabulary = vocabulary;
        this.model = model;
        Normalizer = normalizer;
        added = [.. addedTokens.Select(token => token.Id)];
        special = [.. addedTokens.Where(token => token.Special).Select(token => token.Id)];
        inText = Finder(addedTokens.Where(token => !token.Normalized).Select(token => (token, token.Content)));
        inNormalized = Finder(addedTokens.Where(token => token.Normalized)
            .Select(token => (token, normalizer(new AlignedText(token.Content)).Span.ToString())));
    }

    /// <summary>Changes the text before it is cut.</summary>
    public Normalizer Normalizer { get; }

    /// <summary>Cuts the text into words.</summary>
    public PreTokenizer PreTokenizer { get; init; } = PreTokenizers.Whole;

    /// <summary>Writes a word as the model reads it.</summary>
    public Func<AlignedText, AlignedText> Letters { get; init; } = static word => word;

    /// <summary>Puts special tokens around a text.</summary>
    public PostProcessor PostProcessor { get; init; } = PostProcessor.None;

    /// <summary>The way from tokens to a text.</summary>
    public Decoder Decoder { get; init; } = Decoders.Words;

    /// <summary>The way from a token inside a text to what it stands for: spaces that are dropped at the start of a text stay.</summary>
    public Decoder InnerDecoder { get; init; } = Decoders.Words;

    /// <inheritdoc/>
    public int Count => vocabulary.Count;

    /// <inheritdoc/>
    public int? BeginOfText { get; init; }

    /// <inheritdoc/>
    public int? EndOfText { get; init; }

    /// <inheritdoc/>
    public bool AddsBeginOfText => BeginOfText is { } begin && PostProcessor.Before is [int first, ..] && first == begin;

    /// <inheritdoc/>
    public IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true)
    {
        List<Token> tokens = [];
        text = WholePairs(text);

        // Calls at the same time have a cache each; the last to end leaves its own for the next.
        WordCache cache = Interlocked.Exchange(ref spareCache, null) ?? new WordCache(model, Letters);
        Action<AlignedText> encode = word => cache.Encode(word, tokens);
        Cut(inText, new AlignedText(text), tokens, part => Cut(inNormalized, Normalizer(part), tokens, words =>
        {
            if (words.Length > 0)
            {
                PreTokenizer(words, encode);
            }
        }));
        spareCache = cache;
        return PostProcessor.Apply(text, tokens, vocabulary, addSpecialTokens);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PairToken> EncodePair(string first, string second) => PostProcessor.Join([Encode(first, addSpecialTokens: false), Encode(second, addSpecialTokens: false)]);

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        List<string> texts = new(ids.Length);
        foreach (int id in ids)
        {
            if (vocabulary[id] is { } token && !(skipSpecialTokens && special.Contains(id)))
            {
                texts.Add(token);
            }
        }

        return string.Concat(Decoder(texts));
    }

    /// <inheritdoc/>
    public string TokenText(int id) => vocabulary[id] is not { } token ? $"<id {id}>"
        : added.Contains(id) ? token
        : string.Concat(InnerDecoder([token]));

    /// <inheritdoc/>
    public byte[] TokenBytes(int id)
    {
        if (vocabulary[id] is not { } token)
        {
            return [];
        }

        string text = TokenText(id);
        if (!text.Contains('\uFFFD', StringComparison.Ordinal))
        {
            return System.Text.Encoding.UTF8.GetBytes(text);
        }

        // What shows as U+FFFD is bytes that are no character alone: one byte written out, or letters of the byte alphabet.
        if (Decoders.WrittenByte(token) is byte value)
        {
            return [value];
        }

        List<byte> bytes = [];
        ByteLevel.Decode(token, bytes);
        return [.. bytes];
    }

    private static AddedTokenFinder? Finder(IEnumerable<(AddedToken Token, string Written)> tokens)
    {
        (AddedToken, string)[] list = [.. tokens];
        return list.Length == 0 ? null : new AddedTokenFinder(list);
    }

    private static void Cut(AddedTokenFinder? finder, AlignedText text, List<Token> tokens, Action<AlignedText> between)
    {
        if (finder is null)
        {
            between(text);
            return;
        }

        finder.Split(text, between, (token, part) =>
        {
            (int start, int end) = part.Origin(0, part.Length);
            tokens.Add(new Token(token.Id, start, end));
        });
    }

    /// <summary>Halves of surrogate pairs, which are no text, become U+FFFD.</summary>
    private static string WholePairs(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        char[] whole = text.ToCharArray();
        for (int i = 0; i < whole.Length; i++)
        {
            if (char.IsHighSurrogate(whole[i]) && i + 1 < whole.Length && char.IsLowSurrogate(whole[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(whole[i]))
            {
                whole[i] = '\uFFFD';
            }
        }

        return new string(whole);
    }
}
