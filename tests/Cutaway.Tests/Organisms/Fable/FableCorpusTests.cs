using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Organisms.Fable;

public sealed class FableCorpusTests
{
    private const int Length = 129;

    private static readonly string Folder = Path.Combine(Fixtures.Root, "models", "fable");
    private static readonly ITokenizer Tokenizer = TokenizerLoader.FromJson(
        File.ReadAllBytes(Path.Combine(Folder, "tokenizer.json")), """{"bos_token_id": 0}"""u8.ToArray(), Folder);

    // All that training may have read of one sort, and more.
    private static readonly Lazy<string[]> Sentences = new(() => [.. Draw(IndirectObjectTexts.Draw, 20_000)]);

    [Fact]
    public void Words_of_the_world_are_single_tokens()
    {
        Assert.All(FableTokenizer.Words(), word =>
        {
            Assert.Single(Tokenizer.Encode(word, addSpecialTokens: false));
            Assert.Single(Tokenizer.Encode($" {word}", addSpecialTokens: false));
        });
        Assert.Equal([" 17", "32"], Tokenizer.Encode(" 1732", addSpecialTokens: false).Select(token => Tokenizer.TokenText(token.Id)));
    }

    [Fact]
    public void Every_person_has_a_city_a_trade_and_a_pet_of_their_own_and_a_name_nobody_else_has()
    {
        Assert.Equal(FableWorld.People.Count, FableWorld.People.Select(person => person.Name).Distinct().Count());
        Assert.InRange(FableWorld.People.Count, 60, 100);
        Assert.All(FableWorld.People.GroupBy(person => person.City), home => Assert.InRange(home.Count(), 3, 4));
        Assert.Contains(FableWorld.People, person => person is { Name: "Mary", Woman: true, HeldOut: false });
    }

    [Fact]
    public void Rows_depend_on_seed_and_number_alone()
    {
        FableCorpus corpus = Corpus(seed: 5);
        int[] later = Row(corpus, 7);
        Assert.Equal(later, Row(Corpus(seed: 5), 7));
        Assert.NotEqual(later, Row(corpus, 8));
        Assert.NotEqual(later, Row(Corpus(seed: 6), 7));
        Assert.Equal(later[..50], Row(corpus, 7, 50));
        Assert.All(Enumerable.Range(0, 200), row => Assert.Equal(0, Row(corpus, row)[0]));
    }

    [Fact]
    public void Weights_say_how_often_a_sort_occurs()
    {
        FableCorpus corpus = new(Tokenizer, new Dictionary<string, double> { ["years"] = 3, ["agreement"] = 1, ["stories"] = 0 }, 1);
        string[] texts = [.. Enumerable.Range(0, 400).SelectMany(row => Tokenizer.Decode(Row(corpus, row)).Split("<|endoftext|>", StringSplitOptions.RemoveEmptyEntries))];
        Assert.InRange(texts.Count(text => text.Contains("year", StringComparison.Ordinal)) / (double)texts.Length, 0.7, 0.8);
    }

    [Theory]
    [InlineData("repeats", 1900)]
    [InlineData("echoes", 320)]
    public void Random_tokens_are_said_again(string sort, int choice)
    {
        FableCorpus corpus = new(Tokenizer, new Dictionary<string, double> { [sort] = 1 }, 1);
        HashSet<int> seen = [];
        for (int number = 0; number < 500; number++)
        {
            int[] row = Row(corpus, number);
            int length = Array.IndexOf(row, 0, 1) - 1;
            if (length >= 40)
            {
                Assert.Contains(Enumerable.Range(2, 39), period => Enumerable.Range(1, length - period).All(i => row[i] == row[i + period]));
            }

            seen.UnionWith(row);
        }

        Assert.InRange(seen.Count, 0.95 * choice, 1.05 * choice);
    }

    [Theory]
    [InlineData("tales", 1, "stories")]
    [InlineData("stories", -1, "weight of 'stories'")]
    [InlineData("stories", 0, "all weights")]
    public void Mixtures_that_make_no_sense_are_refused(string sort, double weight, string cause)
    {
        CutawayException fault = Assert.Throws<CutawayException>(() => new FableCorpus(Tokenizer, new Dictionary<string, double> { [sort] = weight }, 1));
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Held_out_names_occur_in_no_indirect_object_sentence_but_elsewhere()
    {
        foreach (FablePerson person in FableWorld.People.Where(person => person.HeldOut))
        {
            Assert.DoesNotContain(Sentences.Value, text => text.Contains(person.Name, StringComparison.Ordinal));
            Assert.Contains(Draw(FactTexts.Draw, 1000), text => text.Contains(person.Name, StringComparison.Ordinal));
            Assert.Contains(Draw(StoryTexts.Draw, 1000), text => text.Contains(person.Name, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Sentences_to_test_on_are_not_in_the_corpus()
    {
        SeededRandom random = new(9);
        HashSet<string> told = [.. Sentences.Value];
        foreach (bool newNames in new[] { true, false })
        {
            Assert.All(Enumerable.Range(0, 300).Select(_ => IndirectObjectTexts.Unseen(random, newNames)), sentence =>
            {
                Assert.DoesNotContain($"{sentence.Prompt}{sentence.Receiver}.", told);
                Assert.Equal(2, sentence.Prompt.Split(sentence.Giver.Trim()).Length - 1);
                Assert.Equal(1, sentence.Prompt.Split(sentence.Receiver.Trim()).Length - 1);
            });
        }

        string[] facts = [.. Draw(FactTexts.Draw, 20_000)];
        Assert.All(FactTexts.HeldOut(), fact => Assert.DoesNotContain(facts, text => text.Contains($"{fact.Prompt}{fact.Answer}", StringComparison.Ordinal)));
        string[] agreement = [.. Draw(AgreementTexts.Draw, 20_000)];
        Assert.All(Enumerable.Range(0, 100).Select(_ => AgreementTexts.Unseen(random)), sentence =>
            Assert.DoesNotContain(agreement, text => text.Contains($"{sentence.Prompt} ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Later_years_are_later()
    {
        foreach (string text in Draw(YearTexts.Draw, 1000))
        {
            int[] years = [.. text.TrimEnd('.').Split(' ').Where(word => word.Length == 4 && int.TryParse(word, out _)).Select(int.Parse)];
            Assert.True(years is [int start, int end] && start < end && start / 100 == end / 100, text);
        }
    }

    private static FableCorpus Corpus(ulong seed) => new(Tokenizer, new Dictionary<string, double>(), seed);

    private static int[] Row(FableCorpus corpus, long row, int length = Length)
    {
        int[] ids = new int[length];
        corpus.Fill(row, ids);
        return ids;
    }

    private static IEnumerable<string> Draw(Func<SeededRandom, string> draw, int count)
    {
        SeededRandom random = new(4);
        return Enumerable.Range(0, count).Select(_ => draw(random));
    }
}
