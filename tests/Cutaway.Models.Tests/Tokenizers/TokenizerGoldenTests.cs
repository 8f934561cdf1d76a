using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class TokenizerGoldenTests
{
    [Theory]
    [InlineData("bpe-gpt2")]
    [InlineData("bpe-roberta")]
    [InlineData("bpe-digits")]
    [InlineData("bpe-llama3")]
    [InlineData("bpe-qwen2")]
    [InlineData("bpe-o200k")]
    [InlineData("sentencepiece-bpe")]
    [InlineData("wordpiece")]
    [InlineData("unigram")]
    public void Hard_strings_have_the_ids_offsets_and_texts_of_the_reference(string folder) =>
        GoldenStrings.Check(TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", folder)), Fixtures.Golden("tokenizers", folder, "golden.json"));

    [SkippableFact]
    public void Sentences_have_the_ids_that_a_published_WordPiece_tokenizer_gives_them()
    {
        ITokenizer tokenizer = TokenizerLoader.FromFolder(Fixtures.Shared("models", "all-minilm-l6-v2"));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("goldens", "minilm", "golden.json")));
        string[] sentences = [.. golden.RootElement.GetProperty("sentences").EnumerateArray().Select(sentence => sentence.GetString()!)];
        int[][] ids = [.. golden.RootElement.GetProperty("input_ids").EnumerateArray().Select(row => row.EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        Assert.True(sentences.Length > 5);
        Assert.Equal(ids, sentences.Select(sentence => tokenizer.Encode(sentence).Select(token => token.Id).ToArray()));
    }

    [SkippableFact]
    public void The_vocabulary_inside_a_GGUF_file_encodes_as_the_reference()
    {
        string path = Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        ITokenizer tokenizer = TokenizerLoader.FromGguf(GgufFile.Open(path));
        Assert.Equal((49152, 1, 2), (tokenizer.Count, tokenizer.BeginOfText, tokenizer.EndOfText));
        GoldenStrings.Check(tokenizer, Fixtures.Golden("tokenizers", "smollm2.json"));
    }
}
