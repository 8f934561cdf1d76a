using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>How a byte-level vocabulary in a GGUF file cuts text: the file only gives a name (<c>tokenizer.ggml.pre</c>); the steps are those of the tokenizer.json that the name stands for.</summary>
/// <param name="Pattern">The regular expression that words are cut by.</param>
/// <param name="SingleDigits">Whether decimal digits are cut off one by one before.</param>
/// <param name="Composes">Whether the text is put in normal form C before.</param>
/// <param name="WholeWordsFirst">Whether words in the vocabulary are taken whole.</param>
internal sealed record GgufPreTokenizer(string Pattern, bool SingleDigits = false, bool Composes = false, bool WholeWordsFirst = false)
{
    private const string Endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Words = Endings + @"|[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Upper = @"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}";
    private const string Lower = @"\p{Ll}\p{Lm}\p{Lo}\p{M}";
    private const string RestWithSlash = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly GgufPreTokenizer Gpt2 = new(ByteLevel.Pattern);
    private static readonly GgufPreTokenizer NeoX = Gpt2 with { Composes = true };
    private static readonly GgufPreTokenizer Code = Gpt2 with { SingleDigits = true };
    private static readonly GgufPreTokenizer Cl100k = new(Words + @"|\p{N}{1,3}" + Rest);
    private static readonly GgufPreTokenizer Llama3 = Cl100k with { WholeWordsFirst = true };
    private static readonly GgufPreTokenizer Qwen2 = new(Words + @"|\p{N}" + Rest, Composes: true);
    private static readonly GgufPreTokenizer O200k = new(
        $@"[^\r\n\p{{L}}\p{{N}}]?[{Upper}]*[{Lower}]+{Endings}?|[^\r\n\p{{L}}\p{{N}}]?[{Upper}]+[{Lower}]*{Endings}?|\p{{N}}{{1,3}}{RestWithSlash}");
    private static readonly GgufPreTokenizer Tekken = new(
        $@"[^\r\n\p{{L}}\p{{N}}]?[{Upper}]*[{Lower}]+|[^\r\n\p{{L}}\p{{N}}]?[{Upper}]+[{Lower}]*|\p{{N}}{RestWithSlash}", WholeWordsFirst: true);

    private static readonly Dictionary<string, GgufPreTokenizer> ByName = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = Gpt2,
        ["gpt2"] = Gpt2,
        ["phi-2"] = Gpt2,
        ["roberta-bpe"] = Gpt2,
        ["olmo"] = NeoX,
        ["smollm"] = Code,
        ["starcoder"] = Code,
        ["refact"] = Code,
        ["codeshell"] = Code,
        ["llama3"] = Llama3,
        ["llama-v3"] = Llama3,
        ["llama-bpe"] = Llama3,
        ["smaug-bpe"] = Cl100k,
        ["dbrx"] = Cl100k,
        ["qwen2"] = Qwen2,
        ["stablelm2"] = Qwen2,
        ["deepseek-r1-qwen"] = Qwen2,
        ["gpt-4o"] = O200k,
        ["llama4"] = O200k,
        ["tekken"] = Tekken,
    };

    /// <summary>The steps that a name stands for; files from before there were names are GPT-2's.</summary>
    /// <exception cref="CutawayException">The name is unknown.</exception>
    public static GgufPreTokenizer Named(string? name, string source) => ByName.GetValueOrDefault(name ?? "gpt-2") ?? throw CutawayException.Model(
        $"{source} cuts text by the rules named {Quote.Name(name!)} ('tokenizer.ggml.pre'), which are not known here; use the model's folder with its tokenizer.json{NearNames.Suggest(name!, ByName.Keys)}");

    /// <summary>The step that cuts; its words are not yet in the byte alphabet.</summary>
    public PreTokenizer Build(string source)
    {
        PreTokenizer words = PreTokenizers.Split(TextPatterns.Regex(Pattern, source), SplitBehavior.Isolated);
        return SingleDigits ? PreTokenizers.Sequence([PreTokenizers.Split(TextPatterns.CodePoint(Rune.IsDigit), SplitBehavior.Isolated), words]) : words;
    }
}
