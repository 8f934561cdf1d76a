using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>The kinds of tokens, as SentencePiece and GGUF number them.</summary>
internal enum PieceKind
{
    /// <summary>A part of a text.</summary>
    Normal = 1,

    /// <summary>What stands for what is not in the vocabulary.</summary>
    Unknown = 2,

    /// <summary>A sign to the model, such as the end of a text.</summary>
    Control = 3,

    /// <summary>A text that is always a token of its own.</summary>
    UserDefined = 4,

    /// <summary>Unused.</summary>
    Unused = 5,

    /// <summary>A byte, written <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>A vocabulary of SentencePiece (Kudo and Richardson 2018) with its settings, from wherever it was stored.</summary>
/// <param name="Tokens">The tokens by id, spaces written ▁.</param>
/// <param name="Kinds">The kind of each.</param>
/// <param name="Scores">The score of each.</param>
/// <param name="Source">The file, for messages.</param>
internal sealed record SentencePieces(string[] Tokens, PieceKind[] Kinds, float[] Scores, string Source)
{
    private const string Mark = "▁";

    /// <summary>Whether tokens are chosen by the unigram model; else by byte-pair encoding, the highest score first.</summary>
    public bool IsUnigram { get; init; }

    /// <summary>Whether a space is put in front of a text.</summary>
    public bool PrefixSpace { get; init; } = true;

    /// <summary>Whether spaces at either end are dropped, and several in a row become one.</summary>
    public bool DropsExtraSpaces { get; init; }

    /// <summary>The compiled normalisation rules; none if empty.</summary>
    public byte[] Rules { get; init; } = [];

    /// <summary>The token for what is not in the vocabulary, or null.</summary>
    public int? Unknown { get; init; }

    /// <summary>The token that begins a text, or null.</summary>
    public int? BeginOfText { get; init; }

    /// <summary>The token that ends a text, or null.</summary>
    public int? EndOfText { get; init; }

    /// <summary>Tokens that were added to the vocabulary.</summary>
    public IReadOnlyList<AddedToken> More { get; init; } = [];

    /// <summary>The special tokens put around a text.</summary>
    public PostProcessor Ends { get; init; } = PostProcessor.None;

    /// <summary>The tokens that are looked for in a text before anything else.</summary>
    public static IEnumerable<AddedToken> Added(string[] tokens, PieceKind[]? kinds)
    {
        for (int id = 0; kinds is not null && id < tokens.Length; id++)
        {
            if (kinds[id] is PieceKind.Unknown or PieceKind.Control or PieceKind.UserDefined && tokens[id].Length > 0)
            {
                yield return new AddedToken(id, tokens[id], Special: kinds[id] != PieceKind.UserDefined);
            }
        }
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Build()
    {
        AddedToken[] added = [.. Added(Tokens, Kinds).Where(token => !More.Any(other => other.Id == token.Id)), .. More];
        Vocabulary vocabulary = new(JsonTokenizer.ById([.. Tokens.Select((token, id) => (token, id))], added, Source), Source);
        ITokenModel model = IsUnigram ? Unigram(vocabulary) : Pairs(vocabulary);
        Decoder[] inner = [Decoders.Metaspace(Mark[0], dropFirst: false), Decoders.ByteFallback, Decoders.Fuse];
        return new Tokenizer(vocabulary, model, added, Normalizers.Sequence(Steps()))
        {
            PreTokenizer = PreTokenizers.Sequence(MarkedWords.Cuts(vocabulary, Mark[0])),
            PostProcessor = Ends,
            Decoder = Decoders.Sequence(PrefixSpace ? [.. inner, Decoders.Strip(' ', 1, 0)] : inner),
            InnerDecoder = Decoders.Sequence(inner),
            BeginOfText = BeginOfText,
            EndOfText = EndOfText,
        };
    }

    private BpeModel Pairs(Vocabulary vocabulary) => new(vocabulary, new ScoreTable(vocabulary, Scores))
    {
        Unknown = Unknown,
        FuseUnknown = true,
        ByteFallback = true,
    };

    private UnigramModel Unigram(Vocabulary vocabulary) => new(
        vocabulary,
        [.. Scores.Zip(Kinds, (score, kind) => kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused ? score : double.NaN)],
        Source)
    {
        Unknown = Unknown,
        Bytes = vocabulary.Bytes(),
    };

    private IEnumerable<Normalizer> Steps()
    {
        if (Rules.Length > 0)
        {
            yield return CharacterMap.Read(Rules, Source).Normalize;
        }

        if (DropsExtraSpaces)
        {
            TextPattern several = TextPatterns.Regex(" {2,}", Source);
            yield return Normalizers.Strip(left: true, right: true);
            yield return text => Normalizers.Replace(text, several, " ");
        }

        if (PrefixSpace)
        {
            yield return text => Normalizers.Prepend(text, Mark);
        }

        TextPattern spaces = TextPatterns.Literal(" ");
        yield return text => Normalizers.Replace(text, spaces, Mark);
    }
}
