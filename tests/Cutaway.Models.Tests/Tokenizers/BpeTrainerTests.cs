using System.Text;
using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Training;

public sealed class BpeTrainerTests
{
    private const string Words = @" ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+";
    private const string Begin = "<|endoftext|>";

    [Fact]
    public void Merges_are_those_of_the_worked_example()
    {
        // The words of Sennrich et al. 2016, section 3.2, without their end-of-word mark. At first es and st occur 9 times, and e comes before s;
        // then es+t 9 times; then lo and ow 7 times; then lo+w; then ne, ew and w+est 6 times each.
        LearntBpe learnt = Learn(263, ("low", 5), ("lower", 2), ("newest", 6), ("widest", 3));
        Assert.Equal([("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("e", "w"), ("n", "ew")], learnt.Merges);
        Assert.Equal(["es", "est", "lo", "low", "ew", "new"], learnt.Tokens.Skip(257));
        Assert.Equal(Begin, learnt.Tokens[0]);
    }

    [Fact]
    public void A_pair_that_overlaps_itself_is_merged_from_the_left()
    {
        LearntBpe learnt = Learn(258, ("aaaaa", 2));
        ITokenizer tokenizer = Read(learnt);
        Assert.Equal(["aa", "aa", "a"], tokenizer.Encode("aaaaa", addSpecialTokens: false).Select(token => tokenizer.TokenText(token.Id)));
    }

    [Fact]
    public void Learning_ends_when_no_pair_occurs_twice()
    {
        LearntBpe learnt = Learn(1000, ("ab", 2), ("cd", 1));
        Assert.Equal([("a", "b")], learnt.Merges);
    }

    [Fact]
    public void The_order_in_which_texts_are_seen_does_not_matter()
    {
        (string, long)[] texts = [("the cat sat on the mat", 3), ("the dog sat on the log", 2), ("a cat and a dog", 4), ("12345 and 1234", 2)];
        Assert.Equal(Json(Learn(300, texts)), Json(Learn(300, [.. texts.Reverse()])));
    }

    [Theory]
    [InlineData("the cat sat on the mat")]
    [InlineData("  spaces,\n\nlines\tand tabs ")]
    [InlineData("Größe, 東京, 🦊 and \u0000")]
    [InlineData("from the year 1732 to 99 and 123")]
    public void Any_text_comes_back(string text)
    {
        ITokenizer tokenizer = Read(Learn(300, ("the cat sat on the mat", 3), ("the dog", 2)));
        Token[] tokens = [.. tokenizer.Encode(text)];
        Assert.Equal((0, true), (tokens[0].Id, tokenizer.AddsBeginOfText));
        Assert.Equal(text, tokenizer.Decode([.. tokens.Select(token => token.Id)], skipSpecialTokens: true));
    }

    [Fact]
    public void Tokens_do_not_reach_over_the_words_of_the_pattern()
    {
        ITokenizer tokenizer = Read(Learn(600, (" 1732 1799 the the", 9)));
        Assert.Equal([" 17", "32", " the"], tokenizer.Encode(" 1732 the", addSpecialTokens: false).Select(token => tokenizer.TokenText(token.Id)));
    }

    [Fact]
    public void A_pattern_that_is_no_regular_expression_is_refused() =>
        Assert.Equal(FaultKind.Model, Assert.Throws<CutawayException>(() => new BpeTrainer("(")).Kind);

    private static LearntBpe Learn(int most, params (string Text, long Times)[] texts)
    {
        BpeTrainer trainer = new(Words);
        foreach ((string text, long times) in texts)
        {
            trainer.Add(text, times);
        }

        return trainer.Learn([Begin], most);
    }

    private static string Json(LearntBpe learnt)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            learnt.Write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static ITokenizer Read(LearntBpe learnt) =>
        TokenizerLoader.FromJson(Encoding.UTF8.GetBytes(Json(learnt)), """{"bos_token_id": 0, "eos_token_id": 0}"""u8.ToArray(), "trained");
}
