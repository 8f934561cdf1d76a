using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Tokenizers;
using Cutaway.Organisms.Fable;
using Cutaway.Testing;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Data;

/// <summary>Generated and published prompt pairs, as tokenizers of several sorts see them.</summary>
public sealed class PairGeneratorTests
{
    [Theory]
    [InlineData("ioi")]
    [InlineData("ioi-abc")]
    [InlineData("ioi-flipped")]
    [InlineData("ioi-baba")]
    public void A_tokenizer_of_whole_words_gets_sentences_of_words_it_knows(string name)
    {
        LanguageModel wired = LanguageModel.Load("wired");
        PairBatch pairs = new PairChoice(Pairs: name, Count: 12, Seed: 3).Encode(wired);
        Assert.Equal(12, pairs.Pairs.Count);
        Assert.All(pairs.Pairs, pair => Assert.DoesNotContain("<unk>", string.Concat(wired.TokenTexts(wired.Encode(pair.Clean).Concat(wired.Encode(pair.Corrupt)))), StringComparison.Ordinal));
        Assert.Equal(pairs.Pairs, new PairChoice(Pairs: name, Count: 12, Seed: 3).Encode(wired).Pairs);
        Assert.NotEqual(pairs.Pairs, new PairChoice(Pairs: name, Count: 12, Seed: 4).Encode(wired).Pairs);
    }

    [SkippableTheory]
    [InlineData("ioi", 1)]
    [InlineData("ioi-abc", 3)]
    [InlineData("ioi-random", 3)]
    [InlineData("ioi-flipped", 2)]
    [InlineData("ioi-abba", 1)]
    [InlineData("ioi-baba", 1)]
    [InlineData("agreement", 1)]
    [InlineData("agreement-simple", 1)]
    [InlineData("colours", 1)]
    public void Corruptions_change_the_tokens_they_name_and_no_other(string name, int changed)
    {
        LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        PairBatch pairs = new PairChoice(Pairs: name, Count: 20).Encode(model);
        for (int b = 0; b < pairs.Clean.Batch; b++)
        {
            PromptPair pair = pairs.Pairs[b];
            string[] clean = pair.Clean.Text!.Split(' ');
            string[] corrupt = pair.Corrupt.Text!.Split(' ');
            int length = pairs.Clean.Length;
            Assert.Equal(changed, Enumerable.Range(0, length).Count(i => pairs.Clean.Row(b)[i] != pairs.Corrupt.Row(b)[i]));
            if (name.StartsWith("ioi", StringComparison.Ordinal))
            {
                // The giver is named twice and the receiver once; the receiver is the answer.
                Assert.Equal(2, Count(clean, pair.Versus));
                Assert.Equal(1, Count(clean, pair.Answer));
                (int answers, int others) = (Count(corrupt, pair.Answer), Count(corrupt, pair.Versus));
                Assert.Equal(name switch { "ioi-abc" or "ioi-random" => (0, 0), "ioi-flipped" => (1, 2), _ => (2, 1) }, (answers, others));
            }

            if (name is "ioi-abba" or "ioi-baba")
            {
                bool receiverFirst = pair.Clean.Text!.IndexOf(pair.Answer, StringComparison.Ordinal) < pair.Clean.Text.IndexOf(pair.Versus, StringComparison.Ordinal);
                Assert.Equal(name == "ioi-abba", receiverFirst);
            }
        }

        static int Count(string[] words, string name) => words.Count(word => word.Trim(',', '.') == name.Trim());
    }

    [Fact]
    public void Greater_than_needs_tokens_of_two_digits_and_reads_later_against_earlier_years()
    {
        LanguageModel fable = FableWithoutTraining();
        PairBatch pairs = new PairChoice(Pairs: "greater-than", Count: 10).Encode(fable);
        for (int i = 0; i < 10; i++)
        {
            int year = pairs.Pairs[i].Year!.Value;
            Assert.Contains(YearTexts.TwoDigits(year), pairs.Pairs[i].Clean.Text, StringComparison.Ordinal);
            Assert.Equal(YearTexts.TwoDigits(year), fable.Tokenizer.TokenText(Assert.Single(pairs.Clean.Row(i).ToArray(), id => !pairs.Corrupt.Row(i).Contains(id))));
        }

        ProbabilityDifference metric = TwoDigitNumbers.Difference(fable, pairs);
        Assert.Equal(99 - pairs.Pairs[0].Year, metric.Answers[0].Count);
        Assert.Equal(100, metric.Answers[0].Concat(metric.Versus[0]).Distinct().Count());
    }

    [SkippableFact]
    public void A_tokenizer_of_single_digits_is_told_that_greater_than_needs_two()
    {
        LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        Assert.Contains("'greater-than' finds too few", Assert.Throws<CutawayException>(() => new PairChoice(Pairs: "greater-than").Encode(model)).Message, StringComparison.Ordinal);
    }

    /// <summary>The tokenizer of <c>fable</c> on random weights.</summary>
    internal static LanguageModel FableWithoutTraining()
    {
        LanguageModel random = TestModels.Random(config => config with { Vocabulary = 4096 });
        string folder = Path.Combine(Fixtures.Root, "models", "fable");
        return new("fable", random.Network, TokenizerLoader.FromJson(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")), """{"bos_token_id": 0}"""u8.ToArray(), folder));
    }
}
