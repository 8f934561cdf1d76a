using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>
/// Puts a tokenizer together from the metadata of a GGUF file. Its <c>tokenizer.ggml.model</c> is "gpt2" for byte-level vocabularies with merges,
/// and "llama" for SentencePiece's with scores.
/// </summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const string Mark = "▁";

    /// <summary>The kinds of tokens, as the format numbers them.</summary>
    private enum Kind
    {
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
    }

    /// <summary>The tokenizer of a file.</summary>
    /// <exception cref="CutawayException">The file has none, or one that is not supported.</exception>
    public static Tokenizer Build(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        string model = metadata.FindString(Prefix + "model") ?? throw CutawayException.Model($"{file.Path} has no tokenizer ('{Prefix}model'); ids must be given instead of text");
        if (model is not ("gpt2" or "llama"))
        {
            throw CutawayException.Model($"{file.Path} holds a tokenizer of the type {Quote.Name(model)}, which is not supported; supported are gpt2 (byte-level BPE) and llama (SentencePiece BPE)");
        }

        string[] tokens = metadata.GetStrings(Prefix + "tokens");
        AddedToken[] added = Added(tokens, OneEach(metadata.FindInts(Prefix + "token_type"), tokens.Length, "token_type", file.Path)).ToArray();
        Vocabulary vocabulary = new(tokens, file.Path);
        return model == "gpt2" ? ByteLevelOf(file, vocabulary, added) : SentencePieceOf(file, vocabulary, added);
    }

    private static Tokenizer ByteLevelOf(GgufFile file, Vocabulary vocabulary, AddedToken[] added)
    {
        GgufPreTokenizer steps = GgufPreTokenizer.Named(file.Metadata.FindString(Prefix + "pre"), file.Path);
        string[] merges = file.Metadata.GetStrings(Prefix + "merges");
        MergeTable rules = new(vocabulary, merges.Length, prefix: 0, file.Path);
        foreach (string merge in merges)
        {
            int space = TokenizerJson.Gap(merge)
                ?? throw CutawayException.Model($"'{Prefix}merges' in {file.Path} holds {Quote.Name(merge)}; two tokens with a space between them were expected");
            rules.Add(merge.AsSpan(0, space), merge.AsSpan(space + 1));
        }

        BpeModel model = new(vocabulary, rules) { WholeWordsFirst = steps.WholeWordsFirst };
        Normalizer normalizer = steps.Composes ? UnicodeForms.Normalizer(System.Text.NormalizationForm.FormC) : Normalizers.None;
        return new Tokenizer(vocabulary, model, added, normalizer)
        {
            PreTokenizer = steps.Build(file.Path),
            Letters = ByteLevel.Encode,
            PostProcessor = Ends(file, vocabulary, beginsByDefault: steps.WholeWordsFirst),
            Decoder = Decoders.Bytes,
            InnerDecoder = Decoders.Bytes,
            BeginOfText = Id(file, "bos_token_id", vocabulary),
            EndOfText = Id(file, "eos_token_id", vocabulary),
        };
    }

    private static Tokenizer SentencePieceOf(GgufFile file, Vocabulary vocabulary, AddedToken[] added)
    {
        float[] scores = OneEach(file.Metadata.GetFloats(Prefix + "scores"), vocabulary.Count, "scores", file.Path)!;
        bool prefixed = file.Metadata.FindBool(Prefix + "add_space_prefix") ?? true;
        BpeModel model = new(vocabulary, new ScoreTable(vocabulary, scores))
        {
            Unknown = Id(file, "unknown_token_id", vocabulary),
            FuseUnknown = true,
            ByteFallback = true,
        };
        TextPattern spaces = TextPatterns.Literal(" ");
        Decoder[] inner = [Decoders.Metaspace(Mark[0], dropFirst: false), Decoders.ByteFallback, Decoders.Fuse];
        return new Tokenizer(vocabulary, model, added, text => Normalizers.Replace(prefixed ? Normalizers.Prepend(text, Mark) : text, spaces, Mark))
        {
            PreTokenizer = PreTokenizers.Sequence(MarkedWords.Cuts(model, vocabulary, Mark[0])),
            PostProcessor = Ends(file, vocabulary, beginsByDefault: true),
            Decoder = Decoders.Sequence(prefixed ? [.. inner, Decoders.Strip(' ', 1, 0)] : inner),
            InnerDecoder = Decoders.Sequence(inner),
            BeginOfText = Id(file, "bos_token_id", vocabulary),
            EndOfText = Id(file, "eos_token_id", vocabulary),
        };
    }

    private static IEnumerable<AddedToken> Added(string[] tokens, int[]? kinds)
    {
        for (int id = 0; kinds is not null && id < tokens.Length; id++)
        {
            if ((Kind)kinds[id] is Kind.Unknown or Kind.Control or Kind.UserDefined && tokens[id].Length > 0)
            {
                yield return new AddedToken(id, tokens[id], Special: (Kind)kinds[id] != Kind.UserDefined);
            }
        }
    }

    private static PostProcessor Ends(GgufFile file, Vocabulary vocabulary, bool beginsByDefault) => new(
        Ends(file, "add_bos_token", "bos_token_id", vocabulary, beginsByDefault),
        Ends(file, "add_eos_token", "eos_token_id", vocabulary, absent: false));

    private static int[] Ends(GgufFile file, string flag, string key, Vocabulary vocabulary, bool absent) =>
        (file.Metadata.FindBool(Prefix + flag) ?? absent) && Id(file, key, vocabulary) is { } id ? [id] : [];

    private static int? Id(GgufFile file, string key, Vocabulary vocabulary) => file.Metadata.FindInt(Prefix + key) switch
    {
        null => null,
        int id when vocabulary[id] is not null => id,
        int id => throw CutawayException.Model($"'{Prefix}{key}' in {file.Path} is {id}; an id below {vocabulary.Count}, the number of tokens, was expected"),
    };

    private static T[]? OneEach<T>(T[]? values, int count, string key, string source) => values is null || values.Length == count
        ? values
        : throw CutawayException.Model($"'{Prefix}{key}' in {source} has {values.Length} values for {count} tokens; one each was expected");
}
