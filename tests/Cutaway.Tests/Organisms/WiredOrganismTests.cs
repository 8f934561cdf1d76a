using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Organisms;

public sealed class WiredOrganismTests : IDisposable
{
    private const string Prompt = "When Mary and John went to the store, John gave a drink to";

    private static readonly LanguageModel Model = LanguageModel.Load("wired");

    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_committed_files_are_what_the_code_writes()
    {
        WiredOrganism.Save(folder);
        string[] files = [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)!)];
        Assert.Equal(5, files.Length);
        foreach (string file in files)
        {
            bool same = File.ReadAllBytes(Path.Combine(folder, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Fixtures.Root, "models", "wired", file)));
            Assert.True(same, $"models/wired/{file} differs; write it again with `dotnet run models/wired/recipe.cs`");
        }
    }

    [Fact]
    public void The_embedded_model_is_the_one_of_the_folder()
    {
        LanguageModel stored = LanguageModel.Load(Path.Combine(Fixtures.Root, "models", "wired"));
        Assert.Equal(stored.Hash, Model.Hash);
        Assert.Equal(32, Model.Hash.Length);
        Assert.Equal(stored.Run(Prompt).LastLogits(), Model.Run(Prompt).LastLogits());
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void It_answers_the_example(DType dtype)
    {
        Run run = Model.WithDType(dtype).Run(Prompt);
        Assert.Equal(" Mary", Model.Tokenizer.TokenText(Best(run.LastLogits())));
    }

    [Fact]
    public void It_names_the_receiver_for_every_pair_of_names_order_and_template()
    {
        foreach (IGrouping<int, WiredSentence> group in WiredSentence.All().GroupBy(sentence => sentence.EndAt))
        {
            WiredSentence[] sentences = [.. group];
            TokenBatch batch = TokenBatch.Pad([.. sentences.Select(sentence => Model.Encode(sentence.Text))]);
            Assert.Equal(sentences[0].EndAt + 1, batch.Length);
            Run run = Model.Run(batch, [], LogitScope.Last);
            for (int i = 0; i < sentences.Length; i++)
            {
                double[] logits = run.LastLogits(i);
                int receiver = Model.SingleToken(sentences[i].Receiver);
                Assert.True(logits[receiver] - logits[Model.SingleToken(sentences[i].Subject)] > 15, sentences[i].Text);
                double answer = logits[receiver];
                logits[receiver] = double.NegativeInfinity;
                Assert.True(answer - logits.Max() > 10, $"{sentences[i].Text}: {answer} and {logits.Max()}");
            }
        }
    }

    [Fact]
    public void It_continues_repeated_random_sequences()
    {
        // Giving words are left out: the induction head rests there (see the model's README).
        int[] words = [.. WiredVocabulary.Tokens.Select((token, id) => (token, id))
            .Where(pair => pair.id > 1 && !pair.token.Initial && pair.token.Kind != WordKind.Giving)
            .Select(pair => pair.id)];
        SeededRandom random = new(5);
        for (int sequence = 0; sequence < 200; sequence++)
        {
            int length = 2 + random.Next(30);
            int[] period = Draw(words, length, random);
            Run run = Model.Run(TokenBatch.Single([WiredVocabulary.Id(WiredVocabulary.Start), .. period, .. period]), []);
            for (int i = 0; i < length - 1; i++)
            {
                double[] logits = run.Logits.Select("batch", 0).Select("pos", 1 + length + i).ToDoubles();
                double next = logits[period[i + 1]];
                logits[period[i + 1]] = double.NegativeInfinity;
                Assert.True(next - logits.Max() > 1.5, $"sequence {sequence} of {length}, place {i}: {next} and {logits.Max()}");
            }
        }
    }

    [Theory]
    [InlineData("", " When", " Mary", false)]
    [InlineData("When", " Mary", " went", true)]
    [InlineData("When Mary", " went", " store", true)]
    [InlineData("When Mary and", " John", " store", true)]
    [InlineData("When Mary and John went to", " the", " Mary", true)]
    [InlineData("Mary gave a", " book", " John", true)]
    [InlineData("Mary gave a book", " to", " the", true)]
    [InlineData("Mary went to the store", ",", " Mary", true)]
    public void On_other_text_likely_kinds_of_words_lead(string text, string likely, string unlikely, bool expected)
    {
        double[] logits = Model.Run(text.Length == 0 ? Cutaway.Prompt.FromIds(0) : text).LastLogits();
        Assert.Equal(expected, logits[Model.SingleToken(likely)] > logits[Model.SingleToken(unlikely)] + 0.5);
    }

    [Fact]
    public void A_text_begins_with_a_word_that_has_no_space_before_it()
    {
        double[] logits = Model.Run(Cutaway.Prompt.FromIds(0)).LastLogits();
        Assert.All(logits.Select((logit, id) => (logit, id)).OrderByDescending(pair => pair.logit).Take(6), pair => Assert.True(WiredVocabulary.Tokens[pair.id].Initial));
    }

    [Fact]
    public void Its_tokenizer_takes_text_apart_word_by_word()
    {
        IReadOnlyList<int> ids = Model.Encode(Prompt);
        Assert.Equal("<bos>|When| Mary| and| John| went| to| the| store|,| John| gave| a| drink| to", string.Join('|', Model.TokenTexts(ids)));
        Assert.Equal(Prompt, Model.Tokenizer.Decode([.. ids], skipSpecialTokens: true));
        Assert.Equal(WiredVocabulary.Id(WiredVocabulary.Start), Model.Tokenizer.BeginOfText);
        Assert.Equal(Model.Config.Vocabulary, Model.Tokenizer.Count);
        Assert.Equal(WiredVocabulary.Id(WiredVocabulary.Unknown), Model.Encode("When zebras")[^1]);
    }

    private static int Best(double[] logits) => Array.IndexOf(logits, logits.Max());

    private static int[] Draw(int[] from, int count, SeededRandom random)
    {
        int[] left = [.. from];
        for (int i = 0; i < count; i++)
        {
            int j = i + random.Next(left.Length - i);
            (left[i], left[j]) = (left[j], left[i]);
        }

        return left[..count];
    }
}
