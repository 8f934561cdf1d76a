using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Fuzzing;
using Cutaway.Models.Tokenizers.Reading;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class GgufTokenizerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names => [.. GgufPreTokenizer.Names];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WordPiece_written_as_llama_cpp_writes_it_gives_the_ids_of_the_reference()
    {
        using JsonDocument json = Golden("wordpiece", "tokenizer.json");
        string[] tokens = [.. json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(token => token.Value.GetInt32())
            .Select(token => token.Name is ['[', .., ']'] ? token.Name : token.Name is ['#', '#', .. string rest] ? rest : "▁" + token.Name)];
        ITokenizer tokenizer = Open("bert", tokens, null, null, builder => builder
            .Value("tokenizer.ggml.bos_token_id", GgufType.UInt32, writer => writer.Write(2))
            .Value("tokenizer.ggml.seperator_token_id", GgufType.UInt32, writer => writer.Write(3)));
        GoldenStrings.Check(tokenizer, Fixtures.Golden("tokenizers", "wordpiece", "golden.json"));
    }

    [Fact]
    public void Unigram_has_its_rules_its_spaces_and_its_end()
    {
        using JsonDocument json = Golden("unigram", "tokenizer.json");
        JsonElement[] entries = [.. json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateArray()];
        string[] tokens = [.. entries.Select(entry => entry[0].GetString()!)];
        byte[] rules = CharacterMapTests.Compile([("\t", " "), ("ﬁ", "fi")]);
        ITokenizer tokenizer = Open("t5", tokens, [.. entries.Select(entry => entry[1].GetSingle())], [.. tokens.Select((_, id) => id switch { < 2 => 3, 2 => 2, _ => 1 })], builder => builder
            .List("tokenizer.ggml.precompiled_charsmap", GgufType.Int8, (ulong)rules.Length, writer => writer.Write(rules))
            .Value("tokenizer.ggml.remove_extra_whitespaces", GgufType.Bool, writer => writer.Write(true))
            .Value("tokenizer.ggml.eos_token_id", GgufType.UInt32, writer => writer.Write(1))
            .Value("tokenizer.ggml.unknown_token_id", GgufType.UInt32, writer => writer.Write(2)));
        ITokenizer reference = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", "unigram"));
        Assert.Equal(Ids(reference, "two fine words</s>!"), Ids(tokenizer, "  two\t ﬁne  words</s>! "));
        Assert.Equal("two fine words", tokenizer.Decode(Ids(tokenizer, "two ﬁne  words"), skipSpecialTokens: true));
    }

    [Theory]
    [InlineData("gpt-2", "bpe-gpt2")]
    [InlineData("llama-bpe", "bpe-llama3")]
    [InlineData("qwen2", "bpe-qwen2")]
    [InlineData("gpt-4o", "bpe-o200k")]
    [InlineData("exaone", "bpe-digits")]
    public void A_name_stands_for_the_words_of_a_tokenizer_json(string name, string golden)
    {
        using JsonDocument json = Golden(golden, "tokenizer.json");
        byte[] steps = JsonSerializer.SerializeToUtf8Bytes(json.RootElement.GetProperty("pre_tokenizer"));
        PreTokenizer expected = PreTokenizers.Sequence(StepReader.PreTokenizer(ConfigReader.Parse(steps, golden)));
        PreTokenizer actual = GgufPreTokenizer.Named(name, "test").Build("test");
        Assert.All(Strings(), text => Assert.Equal(Words(expected, text), Words(actual, text).Select(word => ByteLevel.Encode(new AlignedText(word)).Span.ToString())));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_name_cuts_any_text_without_a_gap(string name)
    {
        PreTokenizer words = GgufPreTokenizer.Named(name, "test").Build("test");
        Assert.All(Strings(), text => Assert.Equal(text, string.Concat(Words(words, text))));
    }

    [Theory]
    [InlineData("deepseek-v3", "12345 中文abc can't+x\n", "123|45| |中文|abc| can|'t|+x|\n")]
    [InlineData("deepseek-llm", "12345 中文, can't\n", "12345| |中文|,| can|'|t|\n")]
    [InlineData("deepseek-coder", "12 ab, x", "1|2| ab|,| x")]
    [InlineData("falcon", "a1234+b's", "a|123|4|+|b|'|s")]
    [InlineData("bloom", "one, two  x", "one|,| two| | x")]
    [InlineData("command-r", "a 123's", "a| |1|2|3|'s")]
    [InlineData("tekken", "HTTPServer don't 12", "HTTPServer| don|'t| |1|2")]
    [InlineData("deepseek-llm", "Ab։ և ж", "Ab|։ և| ж")]
    [InlineData("tiny_aya", "1234567 x", "1|234|567| x")]
    public void Names_cut_as_their_rules_say(string name, string text, string words) =>
        Assert.Equal(words, string.Join('|', Words(GgufPreTokenizer.Named(name, "test").Build("test"), text)));

    private static JsonDocument Golden(string name, string file) => JsonDocument.Parse(File.ReadAllBytes(Fixtures.Golden("tokenizers", name, file)));

    private static string[] Strings()
    {
        using JsonDocument golden = Golden("bpe-gpt2", "golden.json");
        return [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(one => one.GetProperty("text").GetString()!).Where(text => text.Length > 0)];
    }

    private static string[] Words(PreTokenizer words, string text)
    {
        List<string> found = [];
        words(new AlignedText(text), word => found.Add(word.Span.ToString()));
        return [.. found];
    }

    private static int[] Ids(ITokenizer tokenizer, string text) => [.. tokenizer.Encode(text).Select(token => token.Id)];

    private ITokenizer Open(string model, string[] tokens, float[]? scores, int[]? kinds, Action<GgufBuilder> more)
    {
        GgufBuilder builder = new GgufBuilder()
            .Value("tokenizer.ggml.model", GgufType.String, writer => GgufBuilder.Text(writer, model))
            .List("tokenizer.ggml.tokens", GgufType.String, (ulong)tokens.Length, writer => Array.ForEach(tokens, token => GgufBuilder.Text(writer, token)));
        if (scores is not null && kinds is not null)
        {
            builder.List("tokenizer.ggml.scores", GgufType.Float32, (ulong)scores.Length, writer => Array.ForEach(scores, writer.Write))
                .List("tokenizer.ggml.token_type", GgufType.Int32, (ulong)kinds.Length, writer => Array.ForEach(kinds, writer.Write));
        }

        more(builder);
        return TokenizerLoader.FromGguf(GgufFile.Open(folder.Write("model.gguf", builder.ToBytes())));
    }
}
