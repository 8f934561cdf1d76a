using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>
/// Puts a tokenizer together from the metadata of a GGUF file. Its <c>tokenizer.ggml.model</c> is "gpt2" for byte-level vocabularies with merges, "llama" and "t5" for
/// SentencePiece's with scores (byte-pair encoding and unigram), and "bert" for WordPiece.
/// </summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const char WordStart = '▁';
    private const string WordPart = "##";

    /// <summary>The tokenizer of a file.</summary>
    /// <exception cref="CutawayException">The file has none, or one that is not supported.</exception>
    public static Tokenizer Build(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        string model = metadata.FindString(Prefix + "model") ?? throw CutawayException.Model($"{file.Path} has no tokenizer ('{Prefix}model'); ids must be given instead of text");
        if (model is not ("gpt2" or "llama" or "t5" or "bert"))
        {
            throw CutawayException.Model(
                $"{file.Path} holds a tokenizer of the type {Quote.Name(model)}, which is not supported; supported are gpt2 (byte-level BPE), llama and t5 (SentencePiece) and bert (WordPiece)");
        }

        string[] tokens = metadata.GetStrings(Prefix + "tokens");
        int[]? numbers = OneEach(metadata.FindInts(Prefix + "token_type"), tokens.Length, "token_type", file.Path);
        PieceKind[]? kinds = numbers is null ? null : Array.ConvertAll(numbers, number => (PieceKind)number);
        return model switch
        {
            "gpt2" => ByteLevelOf(file, new Vocabulary(tokens, file.Path), [.. SentencePieces.Added(tokens, kinds)]),
            "bert" => WordPieceOf(file, tokens),
            _ => SentencePieceOf(file, tokens, kinds ?? [.. tokens.Select(_ => PieceKind.Normal)], isUnigram: model == "t5"),
        };
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
            PostProcessor = Ends(file, vocabulary, beginsByDefault: steps.Begins, endsByDefault: false),
            Decoder = Decoders.Bytes,
            InnerDecoder = Decoders.Bytes,
            BeginOfText = Id(file, "bos_token_id", vocabulary),
            EndOfText = Id(file, "eos_token_id", vocabulary),
        };
    }

    private static Tokenizer SentencePieceOf(GgufFile file, string[] tokens, PieceKind[] kinds, bool isUnigram)
    {
        Vocabulary vocabulary = new(tokens, file.Path);
        return new SentencePieces(tokens, kinds, OneEach(file.Metadata.GetFloats(Prefix + "scores"), tokens.Length, "scores", file.Path)!, file.Path)
        {
            IsUnigram = isUnigram,
            PrefixSpace = file.Metadata.FindBool(Prefix + "add_space_prefix") ?? true,
            DropsExtraSpaces = file.Metadata.FindBool(Prefix + "remove_extra_whitespaces") ?? false,
            Rules = [.. (file.Metadata.FindInts(Prefix + "precompiled_charsmap") ?? []).Select(value => (byte)value)],
            Unknown = Id(file, "unknown_token_id", vocabulary),
            BeginOfText = Id(file, "bos_token_id", vocabulary),
            EndOfText = Id(file, "eos_token_id", vocabulary),
            Ends = Ends(file, vocabulary, beginsByDefault: !isUnigram, endsByDefault: isUnigram),
        }.Build();
    }

    /// <summary>The converter writes tokens that begin a word with a mark and the others without their prefix, but for those in brackets.</summary>
    private static Tokenizer WordPieceOf(GgufFile file, string[] written)
    {
        string[] tokens = Array.ConvertAll(written, token => token is ['[', .., ']'] ? token : token is [WordStart, .. string rest] ? rest : WordPart + token);
        Vocabulary vocabulary = new(tokens, file.Path);
        int Special(string key, string name) => Id(file, key, vocabulary) ?? vocabulary.Demand(name, file.Path, $"'{Prefix}{key}', by its default,");
        int begin = Id(file, "cls_token_id", vocabulary) ?? Special("bos_token_id", "[CLS]");
        int end = Special("seperator_token_id", "[SEP]");
        int unknown = Special("unknown_token_id", "[UNK]");
        bool lowered = file.Metadata.FindBool(Prefix + "normalizer.lowercase") ?? true;
        int[] special = [begin, end, unknown, .. new[] { "[PAD]", "[MASK]" }.Select(vocabulary.Find).OfType<int>()];
        return new Tokenizer(
            vocabulary,
            new WordPieceModel(vocabulary, WordPart, unknown, longestWord: 100),
            [.. special.Distinct().Select(id => new AddedToken(id, tokens[id], Special: true))],
            BertText.Normalizer(clean: true, spaced: true, file.Metadata.FindBool(Prefix + "normalizer.strip_accents") ?? lowered, lowered))
        {
            PreTokenizer = PreTokenizers.Sequence(PreTokenizers.Bert),
            PostProcessor = PostProcessor.Bert(begin, end),
            Decoder = Decoders.WordPiece(WordPart, cleans: true, first: true),
            InnerDecoder = Decoders.WordPiece(WordPart, cleans: true, first: false),
            BeginOfText = begin,
            EndOfText = end,
        };
    }

    private static PostProcessor Ends(GgufFile file, Vocabulary vocabulary, bool beginsByDefault, bool endsByDefault) => new(
        Ends(file, "add_bos_token", "bos_token_id", vocabulary, beginsByDefault),
        Ends(file, "add_eos_token", "eos_token_id", vocabulary, endsByDefault));

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
