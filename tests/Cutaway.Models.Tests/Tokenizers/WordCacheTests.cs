using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class WordCacheTests
{
    [Fact]
    public void Words_have_the_same_tokens_whatever_came_before_and_whoever_asks_at_the_same_time()
    {
        string[] texts = [.. Enumerable.Range(0, 80).Select(Text)];
        string golden = Fixtures.Golden("tokenizers", "bpe-llama3");
        Token[][] alone = [.. texts.Select(text => TokenizerLoader.FromFolder(golden)).Zip(texts, (tokenizer, text) => tokenizer.Encode(text).ToArray())];
        ITokenizer shared = TokenizerLoader.FromFolder(golden);
        Token[][] together = new Token[texts.Length][];
        Parallel.For(0, texts.Length, i => together[i] = [.. shared.Encode(texts[i])]);
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Cutting_before_marks_changes_no_token()
    {
        Random random = new(8);
        int cut = 0;
        for (int round = 0; round < 200; round++)
        {
            string[] first = ["▁", "a", "b", "?", .. round % 2 == 0 ? [] : new[] { "a▁" }];
            string?[] tokens = [.. first.Concat(Enumerable.Range(0, 12).Select(_ => Letters(random, "▁", random.Next(0, 3)) + Letters(random, "ab", random.Next(1, 4)))).Distinct()];
            Vocabulary vocabulary = new(tokens, "test");
            BpeModel model = new(vocabulary, new ScoreTable(vocabulary, [.. tokens.Select(_ => random.NextSingle())])) { Unknown = 3, FuseUnknown = true };
            AlignedText text = new(Letters(random, "aab▁▁c", 40));
            List<Token> whole = [];
            model.Encode(text, whole);
            List<Token> parts = [];
            PreTokenizer[] cuts = [.. MarkedWords.Cuts(vocabulary, '▁')];
            PreTokenizers.Sequence(cuts)(text, word => model.Encode(word, parts));
            Assert.Equal(whole, parts);

            UnigramModel unigram = new(vocabulary, [.. tokens.Select(token => token == "?" ? double.NaN : -random.NextDouble())], "test") { Unknown = 3 };
            whole.Clear();
            unigram.Encode(text, whole);
            parts.Clear();
            PreTokenizers.Sequence(cuts)(text, word => unigram.Encode(word, parts));
            Assert.Equal(whole, parts);
            cut += cuts.Length;
        }

        // With a token that reaches over the start of a word there is no such step.
        Assert.Equal(100, cut);
    }

    private static string Letters(Random random, string letters, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => letters[random.Next(letters.Length)]));

    private static string Text(int seed)
    {
        Random random = new(seed);
        return string.Join(' ', Enumerable.Range(0, 200).Select(_ => Letters(random, "abcdeé東1", random.Next(1, 4))));
    }
}
