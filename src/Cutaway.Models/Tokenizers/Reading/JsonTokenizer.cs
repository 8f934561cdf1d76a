using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>Puts a tokenizer together from a <c>tokenizer.json</c>.</summary>
internal static class JsonTokenizer
{
    private const char SentencePieceMark = '▁';

    /// <summary>The tokenizer of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="names">What the folder's other files say about the start and end of a text.</param>
    /// <exception cref="CutawayException">The file asks for something that is unknown, or contradicts itself.</exception>
    public static Tokenizer Build(TokenizerJson file, SpecialTokenNames names)
    {
        ConfigReader root = file.Rest;
        ConfigReader model = root.OptionalSection("model") ?? throw root.Fault("model", "missing", "an object with the vocabulary was expected");
        string type = model.OptionalText("type") ?? (file.Scores is not null ? "Unigram" : file.Merges is null ? "WordLevel" : "BPE");
        IReadOnlyList<ConfigReader> added = root.OptionalSections("added_tokens") ?? [];
        AddedToken[] addedTokens = [.. added.Select(Added)];
        Vocabulary vocabulary = new(ById(file.Vocabulary ?? throw model.Fault("vocab", "missing", "an object of tokens and ids was expected"), addedTokens, root.Source), root.Source);
        Normalizer normalizer = StepReader.Normalizer(root.OptionalSection("normalizer"));
        PreTokenizer[] words = [.. StepReader.PreTokenizer(root.OptionalSection("pre_tokenizer"))];
        ITokenModel tokens = Model(type, file, model, vocabulary);
        words = words.Length == 0 && tokens is BpeModel { WholeWordsFirst: false, ContinuingPrefix: "", EndSuffix: "" } ? [.. MarkedWords.Cuts(vocabulary, SentencePieceMark)] : words;

        // The byte alphabet is left to the last: words that were met before need not be written in it again.
        bool bytes = words is [.., PreTokenizer last] && last == PreTokenizers.Bytes;
        return new Tokenizer(vocabulary, tokens, addedTokens, normalizer)
        {
            PreTokenizer = PreTokenizers.Sequence(bytes ? words[..^1] : words),
            Letters = bytes ? ByteLevel.Encode : static word => word,
            PostProcessor = StepReader.Processor(root.OptionalSection("post_processor"), vocabulary),
            Decoder = StepReader.Decoder(root.OptionalSection("decoder"), inner: false),
            InnerDecoder = StepReader.Decoder(root.OptionalSection("decoder"), inner: true),
            BeginOfText = names.Begin(vocabulary),
            EndOfText = names.End(vocabulary),
        };
    }

    private static ITokenModel Model(string type, TokenizerJson file, ConfigReader model, Vocabulary vocabulary) => type switch
    {
        "BPE" => Bpe(file, model, vocabulary),
        "WordLevel" => new WordLevelModel(vocabulary, Unknown(model, vocabulary), model.Source),
        "WordPiece" => WordPiece(model, vocabulary),
        "Unigram" => Unigram(file, model, vocabulary),
        _ => throw CutawayException.Model($"{model.Source} holds a tokenizer of the type {Quote.Name(type)}, which is not supported; supported are BPE, Unigram, WordLevel and WordPiece"),
    };

    private static WordPieceModel WordPiece(ConfigReader model, Vocabulary vocabulary) => new(
        vocabulary,
        model.OptionalText("continuing_subword_prefix") ?? "##",
        Unknown(model, vocabulary) ?? vocabulary.Demand("[UNK]", model.Source, "the token for unknown words"),
        model.OptionalCount(int.MaxValue, "max_input_chars_per_word") ?? 100);

    private static UnigramModel Unigram(TokenizerJson file, ConfigReader model, Vocabulary vocabulary)
    {
        double[] scores = [.. file.Scores ?? throw model.Fault("vocab", "an object", "a list of tokens with scores was expected")];
        int? unknown = model.OptionalCount(Limits.Vocabulary, "unk_id");
        return new UnigramModel(vocabulary, scores, model.Source)
        {
            Unknown = unknown is null || unknown < scores.Length ? unknown : throw model.Fault("unk_id", unknown, $"the vocabulary has {scores.Length} tokens"),
            Bytes = model.Flag("byte_fallback", absent: false) ? vocabulary.Bytes() : null,
        };
    }

    private static BpeModel Bpe(TokenizerJson file, ConfigReader model, Vocabulary vocabulary)
    {
        List<(string Left, string Right)> merges = file.Merges ?? throw model.Fault("merges", "missing", "a list of pairs of tokens was expected");
        if (model.Find("dropout") is { ValueKind: JsonValueKind.Number } dropout && dropout.GetDouble() > 0)
        {
            throw model.Fault("dropout", "above 0", "a tokenizer that draws lots cannot be repeated; set it to null");
        }

        string prefix = model.OptionalText("continuing_subword_prefix") ?? "";
        MergeTable rules = new(vocabulary, merges.Count, prefix.Length, model.Source);
        foreach ((string left, string right) in merges)
        {
            rules.Add(left, right);
        }

        return new BpeModel(vocabulary, rules)
        {
            Unknown = Unknown(model, vocabulary),
            FuseUnknown = model.Flag("fuse_unk", absent: false),
            ByteFallback = model.Flag("byte_fallback", absent: false),
            WholeWordsFirst = model.Flag("ignore_merges", absent: false),
            ContinuingPrefix = prefix,
            EndSuffix = model.OptionalText("end_of_word_suffix") ?? "",
        };
    }

    private static int? Unknown(ConfigReader model, Vocabulary vocabulary) =>
        model.OptionalText("unk_token") is { } token ? vocabulary.Demand(token, model.Source, "'model.unk_token'") : null;

    /// <summary>An entry of a list of added tokens.</summary>
    public static AddedToken Added(ConfigReader token) => new(
        token.OptionalCount(Limits.Vocabulary, "id") ?? throw token.Fault("id", "missing", "a whole number was expected"),
        token.Text("content"),
        token.Flag("special", absent: false),
        token.Flag("single_word", absent: false),
        token.Flag("lstrip", absent: false),
        token.Flag("rstrip", absent: false),
        token.Flag("normalized", absent: false));

    /// <summary>The tokens by id, of a vocabulary and of what was added to it.</summary>
    /// <exception cref="CutawayException">Two tokens have one id, or an id is out of bounds.</exception>
    public static string?[] ById(List<(string Token, int Id)> vocabulary, AddedToken[] added, string source)
    {
        int highest = Math.Max(vocabulary.Max(pair => (int?)pair.Id) ?? -1, added.Max(token => (int?)token.Id) ?? -1);
        int lowest = vocabulary.Min(pair => (int?)pair.Id) ?? 0;

        // Ids may have gaps, but not so many that a small file asks for a large table.
        long most = Math.Min(Limits.Vocabulary, (16L * (vocabulary.Count + added.Length)) + ushort.MaxValue);
        if (lowest < 0 || highest > most)
        {
            throw CutawayException.Model($"{source} has a token with the id {(lowest < 0 ? lowest : highest)}; ids from 0 to {most} were expected");
        }

        string?[] tokens = new string?[highest + 1];
        foreach ((string token, int id) in vocabulary.Concat(added.Select(token => (token.Content, token.Id))))
        {
            if (tokens[id] is { } other && other != token)
            {
                throw CutawayException.Model($"{source} gives the id {id} to two tokens, {Quote.Name(other)} and {Quote.Name(token)}");
            }

            tokens[id] = token;
        }

        return tokens;
    }
}
