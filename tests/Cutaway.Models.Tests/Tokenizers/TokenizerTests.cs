using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Fuzzing;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class TokenizerTests : IDisposable
{
    private const string Words = """
        {"model": {"type": "WordLevel", "vocab": {"When": 0, "ĠMary": 1, "Ġand": 2, "<unk>": 3}, "unk_token": "<unk>"},
         "added_tokens": [{"id": 4, "content": "<s>", "special": true}],
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
         "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Whole_words_in_the_byte_alphabet_keep_their_space()
    {
        folder.Write("tokenizer_config.json", """{"bos_token": {"content": "<s>"}}""");
        ITokenizer tokenizer = Read(Words);
        Assert.Equal([new Token(4, 0, 0), new Token(0, 0, 4), new Token(1, 4, 9), new Token(2, 9, 13), new Token(3, 13, 18)], tokenizer.Encode("When Mary and John"));
        Assert.Equal(" Mary", tokenizer.TokenText(1));
        Assert.Equal("When Mary and", tokenizer.Decode([4, 0, 1, 2], skipSpecialTokens: true));
        Assert.Equal((5, 4, true), (tokenizer.Count, tokenizer.BeginOfText, tokenizer.AddsBeginOfText));
        Assert.Equal("<id 99>", tokenizer.TokenText(99));
    }

    [Theory]
    [InlineData("not json", "not valid JSON")]
    [InlineData("[]", "an object was expected")]
    [InlineData("{}", "'model'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}}}""", "merges")]
    [InlineData("""{"model": {"type": "BPE", "merges": []}}""", "vocab")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}""", "merge 0 joins 'a' and 'b'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}}""", "merge 0")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}""", "the id 0 to two tokens")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}""", "the id -1")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 2147483647}, "merges": []}}""", "the id 2147483647")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": "x"}, "merges": []}}""", "'a' no id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}}""", "'a' twice")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "z"}}""", "'z', which is not in the vocabulary")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0.0], ["b"]]}}""", "entry 1 of 'model.vocab'")]
    [InlineData("""{"model": {"type": "WordPiece", "vocab": {"a": 0}}}""", "'[UNK]', which is not in the vocabulary")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": {"type": "Magic"}}""", "normalizer 'Magic'")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "pre_tokenizer": {"type": "Magic"}}""", "pre-tokenizer 'Magic'")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "decoder": {"type": "Magic"}}""", "decoder 'Magic'")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}}""", "regular expression '('")]
    public void Broken_files_are_refused_with_the_cause(string json, string cause)
    {
        CutawayException fault = Assert.Throws<CutawayException>(() => Read(json));
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_so() =>
        Assert.Contains("tokenizer.json is missing", Assert.Throws<CutawayException>(() => TokenizerLoader.FromFolder(folder.Path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("bpe-gpt2", "the")]
    [InlineData("bpe-llama3", "a")]
    [InlineData("sentencepiece-bpe", "a")]
    [InlineData("unigram", "a")]
    [InlineData("wordpiece", "a", "[UNK]")]
    [InlineData("bpe-qwen2", "e\u0301", "é")]
    public void A_long_word_takes_no_more_than_its_length_and_comes_back_whole(string golden, string part, string? decoded = null)
    {
        // Quadratic work over a million letters would take hours.
        ITokenizer tokenizer = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", golden));
        int times = 1_000_000 / part.Length;
        string text = string.Concat(Enumerable.Repeat(part, times));
        Token[] tokens = [.. tokenizer.Encode(text, addSpecialTokens: false)];
        Assert.True(tokens[0].Start == 0 && tokens[^1].End > text.Length - part.Length);
        Assert.All(tokens.Zip(tokens.Skip(1)), pair => Assert.True(pair.First.Start <= pair.Second.Start));
        decoded = golden == "wordpiece" ? decoded : string.Concat(Enumerable.Repeat(decoded ?? part, times));
        Assert.Equal(decoded, tokenizer.Decode(tokens.Select(token => token.Id).ToArray()));
    }

    [Fact]
    public void Added_tokens_take_in_white_space_and_stand_alone_as_told()
    {
        ITokenizer tokenizer = Read("""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "?": 1}, "unk_token": "?"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
             "added_tokens": [{"id": 2, "content": "<m>", "lstrip": true, "rstrip": true}, {"id": 3, "content": "w", "single_word": true}, {"id": 4, "content": "<m><m>"}]}
            """);
        Assert.Equal([new Token(0, 0, 1), new Token(2, 1, 6), new Token(0, 6, 7)], tokenizer.Encode("a <m> a"));
        Assert.Equal([3, 1], tokenizer.Encode("w aw").Select(token => token.Id));
        Assert.Equal([4], tokenizer.Encode("<m><m>").Select(token => token.Id));
    }

    [Theory]
    [InlineData("wordpiece", "2 a 3 b 3", "00011")]
    [InlineData("bpe-roberta", "1 a 2 2 b 2", "000000")]
    [InlineData("unigram", "a b", "01")]
    [InlineData("bpe-gpt2", "a b", "01")]
    public void Two_texts_are_put_together_as_the_file_says(string golden, string template, string types)
    {
        ITokenizer tokenizer = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", golden));
        IReadOnlyList<PairToken> pair = tokenizer.EncodePair("one two", "the");
        IReadOnlyList<Token> first = tokenizer.Encode("one two", addSpecialTokens: false);
        IReadOnlyList<Token> second = tokenizer.Encode("the", addSpecialTokens: false);
        List<PairToken> expected = [];
        foreach ((string piece, char type) in template.Split(' ').Zip(types))
        {
            expected.AddRange(piece switch
            {
                "a" => first.Select(token => new PairToken(token, 0, type - '0')),
                "b" => second.Select(token => new PairToken(token, 1, type - '0')),
                _ => [new PairToken(new Token(int.Parse(piece, System.Globalization.CultureInfo.InvariantCulture), 0, 0), null, type - '0')],
            });
        }

        Assert.Equal(expected, pair);
    }

    [Fact]
    public void A_template_of_two_texts_gives_each_piece_its_type()
    {
        ITokenizer tokenizer = Read("""
            {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "<s>": 2, "|": 3}}, "post_processor": {"type": "TemplateProcessing",
             "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "|", "type_id": 0}}],
             "pair": [{"SpecialToken": {"id": "<s>", "type_id": 4}}, {"Sequence": {"id": "B", "type_id": 5}}, {"SpecialToken": {"id": "|", "type_id": 6}}, {"Sequence": {"id": "A", "type_id": 7}}]}}
            """);
        Assert.Equal([(2, 4), (1, 5), (3, 6), (0, 7)], tokenizer.EncodePair("a", "b").Select(token => (token.Token.Id, token.Type)));
        Assert.Equal([0, 3], tokenizer.Encode("a").Select(token => token.Id));
    }

    [Fact]
    public void Letters_beyond_the_basic_plane_are_letters_and_half_pairs_are_replaced()
    {
        ITokenizer tokenizer = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", "bpe-llama3"));
        Assert.Equal("x𠀀𝐀\uFFFD", tokenizer.Decode(tokenizer.Encode("x𠀀𝐀\uD800", addSpecialTokens: false).Select(token => token.Id).ToArray()));
        ITokenizer words = Read("""
            {"model": {"type": "WordLevel", "vocab": {"a𠀀": 0, "!": 1}}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\p{L}++"}, "behavior": "Isolated"}}
            """);
        Assert.Equal([new Token(0, 0, 3), new Token(1, 3, 4)], words.Encode("a𠀀!"));
    }

    [Fact]
    public void SentencePiece_scores_order_the_merges()
    {
        // "ab" scores above "bc", so that "abc" is "ab" and "c"; the letter d is written as its byte.
        string[] tokens = ["<unk>", "<s>", "▁", "a", "b", "c", "ab", "bc", "<0x64>"];
        float[] scores = [0, 0, -9, -9, -9, -9, -1, -2, 0];
        byte[] bytes = new GgufBuilder()
            .Value("tokenizer.ggml.model", GgufType.String, writer => GgufBuilder.Text(writer, "llama"))
            .List("tokenizer.ggml.tokens", GgufType.String, (ulong)tokens.Length, writer => Array.ForEach(tokens, token => GgufBuilder.Text(writer, token)))
            .List("tokenizer.ggml.scores", GgufType.Float32, (ulong)scores.Length, writer => Array.ForEach(scores, writer.Write))
            .Value("tokenizer.ggml.bos_token_id", GgufType.UInt32, writer => writer.Write(1))
            .ToBytes();
        ITokenizer tokenizer = TokenizerLoader.FromGguf(GgufFile.Open(folder.Write("a.gguf", bytes)));
        int[] ids = [.. tokenizer.Encode("abc bcd").Select(token => token.Id)];
        Assert.Equal([1, 2, 6, 5, 2, 7, 8], ids);
        Assert.Equal("abc bcd", tokenizer.Decode(ids.AsSpan(1)));
        Assert.Equal((" ", "d"), (tokenizer.TokenText(2), tokenizer.TokenText(8)));
    }

    private ITokenizer Read(string json)
    {
        folder.Write("tokenizer.json", json);
        return TokenizerLoader.FromFolder(folder.Path);
    }
}
