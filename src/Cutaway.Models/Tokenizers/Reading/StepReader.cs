using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>Reads the steps of a <c>tokenizer.json</c>; each is an object with a <c>type</c> and its own settings.</summary>
internal static class StepReader
{
    /// <summary>The normalizer.</summary>
    public static Normalizer Normalizer(ConfigReader? step) => step?.Text("type") switch
    {
        null => Normalizers.None,
        "Sequence" => Normalizers.Sequence([.. Steps(step, "normalizers").Select(Normalizer)]),
        "NFC" => UnicodeForms.Normalizer(System.Text.NormalizationForm.FormC),
        "NFD" => UnicodeForms.Normalizer(System.Text.NormalizationForm.FormD),
        "NFKC" => UnicodeForms.Normalizer(System.Text.NormalizationForm.FormKC),
        "NFKD" => UnicodeForms.Normalizer(System.Text.NormalizationForm.FormKD),
        "Nmt" => Normalizers.Nmt,
        "Precompiled" => Rules(step),
        "Lowercase" => Normalizers.Lowercase,
        "StripAccents" => Normalizers.StripAccents,
        "Strip" => Normalizers.Strip(step.Flag("strip_left", absent: true), step.Flag("strip_right", absent: true)),
        "Prepend" when step.Text("prepend") is string prefix => text => Normalizers.Prepend(text, prefix),
        "Replace" when (Pattern(step), step.Text("content")) is (TextPattern pattern, string content) => text => Normalizers.Replace(text, pattern, content),
        "BertNormalizer" when step.Flag("lowercase", absent: true) is bool lowered => BertText.Normalizer(
            step.Flag("clean_text", absent: true), step.Flag("handle_chinese_chars", absent: true), step.Flag("strip_accents", absent: lowered), lowered),
        string type => throw Unknown(step, "normalizer", type, "BertNormalizer, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Lowercase, StripAccents, Strip, Prepend, Replace and Sequence"),
    };

    /// <summary>The pre-tokenizer as single steps, one after another.</summary>
    public static IEnumerable<PreTokenizer> PreTokenizer(ConfigReader? step) => step?.Text("type") switch
    {
        null => [],
        "Sequence" => Steps(step, "pretokenizers").SelectMany(PreTokenizer),
        "ByteLevel" => Bytes(step),
        "Split" => [PreTokenizers.Split(Pattern(step), Behavior(step), step.Flag("invert", absent: false))],
        "Digits" => [PreTokenizers.Digits(step.Flag("individual_digits", absent: false))],
        "Punctuation" => [PreTokenizers.Punctuation(Behavior(step))],
        "Metaspace" => [PreTokenizers.Metaspace(Mark(step), Prepend(step), step.Flag("split", absent: true))],
        "Whitespace" => [PreTokenizers.Split(TextPatterns.Regex(@"\w+|[^\w\s]+", step.Source), SplitBehavior.Removed, invert: true)],
        "BertPreTokenizer" => PreTokenizers.Bert,
        "WhitespaceSplit" => [PreTokenizers.WhitespaceSplit],
        string type => throw Unknown(step, "pre-tokenizer", type, "BertPreTokenizer, ByteLevel, Split, Digits, Punctuation, Metaspace, Whitespace, WhitespaceSplit and Sequence"),
    };

    /// <summary>The post-processor.</summary>
    public static PostProcessor Processor(ConfigReader? step, Vocabulary vocabulary) => step?.Text("type") switch
    {
        null => PostProcessor.None,
        "Sequence" => Steps(step, "processors").Select(inner => Processor(inner, vocabulary)).Aggregate(PostProcessor.None, (all, next) => all.Then(next)),
        "ByteLevel" => new PostProcessor([], [], step.Flag("trim_offsets", absent: true), step.Flag("add_prefix_space", absent: true)),
        "RobertaProcessing" when (Named(step, "cls", vocabulary), Named(step, "sep", vocabulary)) is (int begin, int end) =>
            new PostProcessor([begin], [end], step.Flag("trim_offsets", absent: true), step.Flag("add_prefix_space", absent: true))
            {
                Pair = [PairPiece.Token(begin, 0), PairPiece.Of(0, 0), PairPiece.Token(end, 0), PairPiece.Token(end, 0), PairPiece.Of(1, 0), PairPiece.Token(end, 0)],
            },
        "BertProcessing" => PostProcessor.Bert(Named(step, "cls", vocabulary), Named(step, "sep", vocabulary)),
        "TemplateProcessing" => Template(step, vocabulary),
        string type => throw Unknown(step, "post-processor", type, "ByteLevel, RobertaProcessing, BertProcessing, TemplateProcessing and Sequence"),
    };

    /// <summary>The decoder; <paramref name="inner"/> leaves spaces at the start, for a token inside a text.</summary>
    public static Decoder Decoder(ConfigReader? step, bool inner) => step?.Text("type") switch
    {
        null => Decoders.Words,
        "Sequence" => Decoders.Sequence([.. Steps(step, "decoders").Select(part => Decoder(part, inner))]),
        "ByteLevel" => Decoders.Bytes,
        "ByteFallback" => Decoders.ByteFallback,
        "Fuse" => Decoders.Fuse,
        "Replace" => Decoders.Replace(Pattern(step), step.Text("content")),
        "Strip" => Decoders.Strip(
            step.Text("content") is [char character] ? character : throw step.Fault("content", "not one character", "one character was expected"),
            inner ? 0 : step.OptionalCount(int.MaxValue, "start") ?? 0,
            inner ? 0 : step.OptionalCount(int.MaxValue, "stop") ?? 0),
        "Metaspace" => Decoders.Metaspace(Mark(step)[0], !inner && Prepend(step) != PrependScheme.Never),
        "WordPiece" => Decoders.WordPiece(step.OptionalText("prefix") ?? "##", step.Flag("cleanup", absent: true), first: !inner),
        string type => throw Unknown(step, "decoder", type, "ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, WordPiece and Sequence"),
    };

    private static IReadOnlyList<ConfigReader> Steps(ConfigReader step, string key) =>
        step.OptionalSections(key) ?? throw CutawayException.Model($"a Sequence in {step.Source} has no '{key}'; a list of steps was expected");

    /// <summary>GPT-2's steps: a space in front if asked for, words by its pattern if asked for, then the byte alphabet.</summary>
    private static IEnumerable<PreTokenizer> Bytes(ConfigReader step)
    {
        if (step.Flag("add_prefix_space", absent: true))
        {
            yield return PreTokenizers.PrefixSpace;
        }

        if (step.Flag("use_regex", absent: true))
        {
            yield return PreTokenizers.Split(TextPatterns.Regex(ByteLevel.Pattern, step.Source), SplitBehavior.Isolated);
        }

        yield return PreTokenizers.Bytes;
    }

    /// <summary>SentencePiece's rules in base 64; files without any have an empty text.</summary>
    private static Normalizer Rules(ConfigReader step)
    {
        string written = step.OptionalText("precompiled_charsmap") ?? "";
        byte[] rules = new byte[written.Length];
        return written.Length == 0 ? Normalizers.None
            : Convert.TryFromBase64String(written, rules, out int count) ? CharacterMap.Read(rules.AsSpan(0, count), step.Source).Normalize
            : throw step.Fault("precompiled_charsmap", "not base 64", "the compiled rules in base 64 were expected");
    }

    private static TextPattern Pattern(ConfigReader step)
    {
        ConfigReader pattern = step.OptionalSection("pattern") ?? throw step.Fault("pattern", "missing", "{\"String\": …} or {\"Regex\": …} was expected");
        return pattern.OptionalText("String") is { } literal ? TextPatterns.Literal(literal) : TextPatterns.Regex(pattern.Text("Regex"), step.Source);
    }

    private static SplitBehavior Behavior(ConfigReader step) => step.Text("behavior") is { } name && Enum.TryParse(name, out SplitBehavior behavior)
        ? behavior
        : throw step.Fault("behavior", step.Text("behavior"), $"one of {string.Join(", ", Enum.GetNames<SplitBehavior>())} was expected");

    private static string Mark(ConfigReader step) => step.Text("replacement") is { Length: 1 } mark
        ? mark
        : throw step.Fault("replacement", "not one character", "one character, such as ▁, was expected");

    /// <summary>Files from before prepend_scheme say add_prefix_space.</summary>
    private static PrependScheme Prepend(ConfigReader step) => step.OptionalText("prepend_scheme") switch
    {
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        null => step.Flag("add_prefix_space", absent: true) ? PrependScheme.Always : PrependScheme.Never,
        string other => throw step.Fault("prepend_scheme", other, "always, first or never was expected"),
    };

    /// <summary>The id of a token given as <c>["&lt;s&gt;", 1]</c>.</summary>
    private static int Named(ConfigReader step, string key, Vocabulary vocabulary) =>
        step.Find(key) is { ValueKind: JsonValueKind.Array } pair && pair.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } token
            ? vocabulary.Demand(token.GetString()!, step.Source, $"'post_processor.{key}'")
            : throw step.Fault(key, "no pair", "[\"token\", id] was expected");

    private static PostProcessor Template(ConfigReader step, Vocabulary vocabulary)
    {
        PairPiece[] single = [.. Pieces(step, "single", vocabulary)];
        int passed = Array.FindIndex(single, piece => piece.Special is null);
        passed = passed < 0 ? single.Length : passed;
        return new PostProcessor(
            [.. single[..passed].Select(piece => piece.Special!.Value)],
            [.. single[passed..].Select(piece => piece.Special).OfType<int>()])
        {
            Pair = step.Has("pair") ? [.. Pieces(step, "pair", vocabulary)] : PostProcessor.None.Pair,
        };
    }

    private static IEnumerable<PairPiece> Pieces(ConfigReader step, string key, Vocabulary vocabulary)
    {
        foreach (ConfigReader piece in step.OptionalSections(key) ?? throw step.Fault(key, "missing", "a list of pieces was expected"))
        {
            ConfigReader? special = piece.OptionalSection("SpecialToken");
            ConfigReader part = special ?? piece.OptionalSection("Sequence") ?? throw step.Fault(key, "no list of pieces", "SpecialToken and Sequence were expected");
            int type = part.OptionalCount(int.MaxValue, "type_id") ?? 0;
            yield return special is not null ? PairPiece.Token(vocabulary.Demand(special.Text("id"), step.Source, "a token of the post-processor's template"), type)
                : part.OptionalText("id") == "B" ? PairPiece.Of(1, type)
                : PairPiece.Of(0, type);
        }
    }

    private static CutawayException Unknown(ConfigReader step, string what, string type, string supported) =>
        CutawayException.Model($"{step.Source} asks for the {what} {Quote.Name(type)}, which is not supported; supported are {supported}");
}
