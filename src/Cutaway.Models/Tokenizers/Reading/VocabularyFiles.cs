using System.Text.Json;
using System.Text.Json.Nodes;
using Cutaway.Models.Architectures;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>
/// Folders from before there was a tokenizer.json: <c>tokenizer.model</c>, or <c>vocab.json</c> with <c>merges.txt</c>, or <c>vocab.txt</c>. The steps are those that the class
/// named in tokenizer_config.json stands for, written as a tokenizer.json would have them.
/// </summary>
internal static class VocabularyFiles
{
    private const string ClipWords = @"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+";

    private static readonly string[] SpecialKeys = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private static readonly string[] BertTokens = ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"];

    /// <summary>The tokenizer of a folder, or null where it has none of these files.</summary>
    /// <exception cref="CutawayException">A file cannot be read, or the class is not known here.</exception>
    public static ITokenizer? Open(string folder)
    {
        string model = Path.Combine(folder, "tokenizer.model");
        string vocabulary = Path.Combine(folder, "vocab.json");
        string merges = Path.Combine(folder, "merges.txt");
        string words = Path.Combine(folder, "vocab.txt");
        ConfigReader config = SpecialTokenNames.Find(folder, "tokenizer_config.json") ?? ConfigReader.Parse("{}"u8.ToArray(), Path.Combine(folder, "tokenizer_config.json"));
        return File.Exists(model) ? SentencePiece(model, config)
            : File.Exists(vocabulary) && File.Exists(merges) ? Build(Pairs(config, Tokens(vocabulary), Read(merges)), config, vocabulary, folder)
            : File.Exists(words) ? Build(WordPieces(config, Read(words)), config, words, folder)
            : null;
    }

    private static Tokenizer SentencePiece(string path, ConfigReader config)
    {
        SentencePieces pieces = SentencePieceFile.Open(path);
        bool begins = Class(config) switch
        {
            "" => !pieces.IsUnigram,
            "Llama" or "CodeLlama" or "Gemma" => true,
            "T5" or "MT5" => false,
            string other => throw Unknown(config, other, "tokenizer.model", "Llama, CodeLlama, Gemma, T5 and MT5"),
        };
        PostProcessor ends = new(
            config.Flag("add_bos_token", absent: begins) && pieces.BeginOfText is { } first ? [first] : [],
            config.Flag("add_eos_token", absent: !begins) && pieces.EndOfText is { } last ? [last] : []);
        return (pieces with { Ends = ends, More = [.. Added(config).Select(token => JsonTokenizer.Added(ConfigReader.Parse(JsonSerializer.SerializeToUtf8Bytes(token), config.Source)))] }).Build();
    }

    private static Tokenizer Build(JsonObject steps, ConfigReader config, string source, string folder)
    {
        List<JsonObject> added = [.. Added(config)];
        JsonObject vocabulary = steps["model"]!["vocab"]!.AsObject();
        IEnumerable<string?> special = SpecialKeys.Select(key => SpecialTokenNames.Name(config, key)).Concat(Class(config) is "" or "Bert" ? BertTokens : []);
        foreach (string token in special.OfType<string>().Distinct())
        {
            if (vocabulary[token] is { } id && !added.Exists(other => other["content"]!.GetValue<string>() == token))
            {
                added.Add(new JsonObject { ["id"] = id.DeepClone(), ["content"] = token, ["special"] = true });
            }
        }

        steps["added_tokens"] = new JsonArray([.. added]);
        return JsonTokenizer.Build(TokenizerJson.Parse(JsonSerializer.SerializeToUtf8Bytes(steps), source), SpecialTokenNames.Open(folder));
    }

    private static JsonObject WordPieces(ConfigReader config, string text)
    {
        string[] tokens = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        JsonObject vocabulary = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            vocabulary[tokens[id].TrimEnd()] = id;
        }

        bool lowered = config.Flag("do_lower_case", absent: true);
        string Special(string key, string absent) => SpecialTokenNames.Name(config, key) ?? absent;
        return new JsonObject
        {
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = Special("unk_token", "[UNK]"), ["vocab"] = vocabulary },
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer",
                ["lowercase"] = lowered,
                ["strip_accents"] = config.Flag("strip_accents", absent: lowered),
                ["handle_chinese_chars"] = config.Flag("tokenize_chinese_chars", absent: true),
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = Around("BertProcessing", Special("cls_token", "[CLS]"), Special("sep_token", "[SEP]")),
            ["decoder"] = new JsonObject { ["type"] = "WordPiece" },
        };
    }

    private static JsonObject Pairs(ConfigReader config, JsonNode vocabulary, string merges)
    {
        IEnumerable<string> rules = merges.ReplaceLineEndings("\n").Split('\n').Where((line, index) => line.Length > 0 && !(index == 0 && line.StartsWith("#version", StringComparison.Ordinal)));
        JsonObject model = new()
        {
            ["type"] = "BPE",
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray([.. rules.Select(rule => (JsonNode)rule)]),
        };
        bool prefix = config.Flag("add_prefix_space", absent: false);
        JsonObject bytes = new() { ["type"] = "ByteLevel", ["add_prefix_space"] = prefix };
        JsonObject steps = new() { ["model"] = model, ["pre_tokenizer"] = bytes, ["decoder"] = new JsonObject { ["type"] = "ByteLevel" } };
        switch (Class(config))
        {
            case "" or "GPT2" or "CodeGen":
                steps["post_processor"] = config.Flag("add_bos_token", absent: false) ? Begins(SpecialTokenNames.Name(config, "bos_token") ?? "<|endoftext|>") : null;
                break;
            case "Roberta" or "Bart":
                steps["post_processor"] = Around("RobertaProcessing", SpecialTokenNames.Name(config, "cls_token") ?? "<s>", SpecialTokenNames.Name(config, "sep_token") ?? "</s>");
                steps["post_processor"]!["add_prefix_space"] = prefix;
                break;
            case "Qwen2":
                steps["normalizer"] = new JsonObject { ["type"] = "NFC" };
                steps["pre_tokenizer"] = Sequence("pretokenizers", Split(GgufPreTokenizer.Named("qwen2", config.Source).Patterns[0], "Isolated", invert: false), Bare(bytes));
                break;
            case "CLIP":
                model["end_of_word_suffix"] = "</w>";
                model["unk_token"] = "<|endoftext|>";
                steps["normalizer"] = Sequence("normalizers", new JsonObject { ["type"] = "NFC" }, Replace(@"\s+", " "), new JsonObject { ["type"] = "Lowercase" });
                steps["pre_tokenizer"] = Sequence("pretokenizers", Split(ClipWords, "Removed", invert: true), Bare(bytes));
                steps["post_processor"] = Around("RobertaProcessing", "<|startoftext|>", "<|endoftext|>");
                steps["post_processor"]!["trim_offsets"] = false;
                steps["decoder"] = Sequence("decoders", new JsonObject { ["type"] = "ByteLevel" }, Replace("</w>", " "));
                break;
            case string other:
                throw Unknown(config, other, "vocab.json", "GPT2, CodeGen, Roberta, Bart, Qwen2 and CLIP");
        }

        return steps;
    }

    private static JsonObject Sequence(string key, params JsonNode[] steps) => new() { ["type"] = "Sequence", [key] = new JsonArray(steps) };

    private static JsonObject Split(string pattern, string behavior, bool invert) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = behavior, ["invert"] = invert };

    private static JsonObject Replace(string pattern, string content) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["content"] = content };

    private static JsonObject Bare(JsonObject bytes)
    {
        JsonObject bare = bytes.DeepClone().AsObject();
        bare["use_regex"] = false;
        return bare;
    }

    private static JsonObject Around(string type, string first, string last) => new() { ["type"] = type, ["cls"] = new JsonArray(first, 0), ["sep"] = new JsonArray(last, 0) };

    private static JsonObject Begins(string token) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray(new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = token } }, new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A" } }),
    };

    /// <summary>The tokens of <c>added_tokens_decoder</c>, an object by id, each with its id.</summary>
    private static IEnumerable<JsonObject> Added(ConfigReader config)
    {
        foreach (JsonProperty token in config.Find("added_tokens_decoder") is { ValueKind: JsonValueKind.Object } tokens ? tokens.EnumerateObject() : default)
        {
            JsonObject entry = JsonSerializer.SerializeToNode(token.Value) as JsonObject ?? throw config.Fault("added_tokens_decoder", "no object of objects", "tokens by id were expected");
            entry["id"] = int.TryParse(token.Name, out int id) ? id : throw config.Fault("added_tokens_decoder", token.Name, "ids were expected as keys");
            yield return entry;
        }
    }

    private static JsonObject Tokens(string path)
    {
        try
        {
            JsonDocumentOptions unique = new() { AllowDuplicateProperties = false };
            return JsonNode.Parse(Read(path), documentOptions: unique) as JsonObject
                ?? throw CutawayException.Model($"{path} holds no JSON object; tokens with their ids were expected");
        }
        catch (JsonException fault)
        {
            throw CutawayException.Model($"{path} is not valid JSON: {fault.Message}", fault);
        }
    }

    private static string Class(ConfigReader config)
    {
        string name = config.OptionalText("tokenizer_class") ?? "";
        name = name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name;
        return name.EndsWith("Tokenizer", StringComparison.Ordinal) ? name[..^9] : name;
    }

    private static CutawayException Unknown(ConfigReader config, string name, string file, string known) => config.Fault(
        "tokenizer_class", name, $"how it uses {file} is not known here (known: {known}); save the model with its tokenizer.json");

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }
}
