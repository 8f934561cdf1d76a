using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>How a byte-level vocabulary in a GGUF file cuts text: the file only gives a name (<c>tokenizer.ggml.pre</c>); the steps are those of the tokenizer.json that the name stands for.</summary>
/// <param name="Patterns">The regular expressions that the text, and then its parts, are cut by: matches, and what lies between them, are words.</param>
internal sealed record GgufPreTokenizer(params IReadOnlyList<string> Patterns)
{
    private const string Endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Breaks = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*" + Breaks;
    private const string RestWithSlash = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + Breaks;
    private const string Letters = @"[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Words = Endings + "|" + Letters;
    private const string Upper = @"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}";
    private const string Lower = @"\p{Ll}\p{Lm}\p{Lo}\p{M}";
    private const string Cased = $@"[^\r\n\p{{L}}\p{{N}}]?[{Upper}]*[{Lower}]+";
    private const string Capitals = $@"[^\r\n\p{{L}}\p{{N}}]?[{Upper}]+[{Lower}]*";
    private const string ByCase = $"{Cased}{Endings}?|{Capitals}{Endings}?";
    private const string Cjk = @"[\u4E00-\u9FA5\u3040-\u30FF]+";
    private const string Marked = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + Breaks;
    private const string UpToPunctuation = @" ?[^(\s|.,!?…。，、।۔،)]+";

    private const string EastAsian = @"[\u0800-\u9FA5\uAC00-\uD7FF]+";

    // Letters that have a case, but for those that DeepSeek's list leaves out: small Armenian and Georgian ones, and late additions to Latin and Cyrillic.
    private const string CasedLetters = @"\s?(?:(?![\u0560-\u0588\u10C7-\u10FF\u1C80-\u1C8A\u2D00-\u2D2D\uA790-\uA7FF\uAB30-\uAB6B])[\p{Lu}\p{Ll}\p{Lt}])+";

    private static readonly GgufPreTokenizer Gpt2 = new(ByteLevel.Pattern);
    private static readonly GgufPreTokenizer NeoX = Gpt2 with { Composes = true };
    private static readonly GgufPreTokenizer Code = new(@"\p{N}", ByteLevel.Pattern);
    private static readonly GgufPreTokenizer Cl100k = new(Words + @"|\p{N}{1,3}" + Rest);
    private static readonly GgufPreTokenizer Llama3 = Cl100k with { WholeWordsFirst = true, Begins = true };
    private static readonly GgufPreTokenizer Qwen = new(Words + @"|\p{N}" + Rest);
    private static readonly GgufPreTokenizer Qwen2 = Qwen with { Composes = true };
    private static readonly GgufPreTokenizer O200k = new($@"{ByCase}|\p{{N}}{{1,3}}{RestWithSlash}");
    private static readonly GgufPreTokenizer DeepSeek3 = new(@"\p{N}{1,3}", Cjk, Marked);
    private static readonly GgufPreTokenizer Bloom = new(UpToPunctuation);
    private static readonly GgufPreTokenizer Bailing = new(@"'(?i:[sdmt]|ll|ve|re)|" + Letters + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+");

    private static readonly Dictionary<string, GgufPreTokenizer> ByName = Named(
        (Gpt2, "gpt-2 gpt2 phi-2 roberta-bpe jina-v1-en jina-v2-code jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum exaone4 jais trillion granite-docling"),
        (NeoX, "olmo mpt modern-bert"),
        (Code, "starcoder refact codeshell command-r exaone minerva-7b mellum2"),
        (new GgufPreTokenizer(@"\d", ByteLevel.Pattern), "smollm"),
        (Cl100k, "smaug-bpe dbrx glm4 chatglm-bpe"),
        (Llama3, "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano"),
        (Qwen2, "qwen2 deepseek-r1-qwen stablelm2"),
        (Qwen, "megrez kormo f2llmv2 hunyuan solar-open grok-2"),
        (O200k, "gpt-4o llama4 kanana2 talkie minimax-m2"),
        (new GgufPreTokenizer($@"{Cased}|{Capitals}|\p{{N}}{RestWithSlash}") { WholeWordsFirst = true, Begins = true }, "tekken"),
        (new GgufPreTokenizer(@"[\r\n]", CasedLetters, @"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+", @"\s+$", EastAsian, @"\p{N}+"), "deepseek-llm"),
        (new GgufPreTokenizer(@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", EastAsian, @"\p{N}"), "deepseek-coder"),
        (DeepSeek3, "deepseek-v3 hunyuan-dense joyai-llm hy_v4"),
        (new GgufPreTokenizer(@"[\p{P}$+<=>^~|`]+", ByteLevel.Pattern, "[0-9][0-9][0-9]"), "falcon"),
        (Bloom, "bloom poro-chat gpt3-finnish"),
        (new GgufPreTokenizer(UpToPunctuation, @"\p{N}"), "viking"),
        (Bailing, "bailingmoe bailingmoe2 llada-moe"),
        (new GgufPreTokenizer(Words + @"|\p{N}| ?[^\s\p{L}\p{N}\r\n]+" + Breaks), "seed-coder"),
        (new GgufPreTokenizer(@"\d{1,3}(?=(?:\d{3})*\b)", $@"{ByCase}|\p{{N}}{{1,3}}{RestWithSlash}"), "tiny_aya cohere2moe"),
        (new GgufPreTokenizer(Letters + @"|\p{N}" + Rest), "ufakzeka"),
        (new GgufPreTokenizer(@"\p{N}{1,3}", Words + @"|\p{N}+" + Rest) { WholeWordsFirst = true }, "minicpm5"),
        (new GgufPreTokenizer(
            @"[\p{P}$+<=>^~|]+", ByteLevel.Pattern, @"\p{N}+", "[0-9][0-9][0-9]"), "default"));

    /// <summary>Whether the text is put in normal form C before.</summary>
    public bool Composes { get; private init; }

    /// <summary>Whether words in the vocabulary are taken whole.</summary>
    public bool WholeWordsFirst { get; private init; }

    /// <summary>Whether the token that begins a text is put in front where the file does not say.</summary>
    public bool Begins { get; private init; }

    /// <summary>The names that are known.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The steps that a name stands for; files from before there were names are GPT-2's.</summary>
    /// <exception cref="CutawayException">The name is unknown.</exception>
    public static GgufPreTokenizer Named(string? name, string source) => ByName.GetValueOrDefault(name ?? "gpt-2") ?? throw CutawayException.Model(
        $"{source} cuts text by the rules named {Quote.Name(name!)} ('tokenizer.ggml.pre'), which are not known here; use the model's folder with its tokenizer.json{NearNames.Suggest(name!, ByName.Keys)}");

    /// <summary>The step that cuts; its words are not yet in the byte alphabet.</summary>
    public PreTokenizer Build(string source) =>
        PreTokenizers.Sequence(Patterns.Select(pattern => PreTokenizers.Split(TextPatterns.Regex(pattern, source), SplitBehavior.Isolated)));

    private static Dictionary<string, GgufPreTokenizer> Named(params ReadOnlySpan<(GgufPreTokenizer Steps, string Names)> all)
    {
        Dictionary<string, GgufPreTokenizer> byName = new(StringComparer.Ordinal);
        foreach ((GgufPreTokenizer steps, string names) in all)
        {
            foreach (string name in names.Split(' '))
            {
                byName.Add(name, steps);
            }
        }

        return byName;
    }
}
