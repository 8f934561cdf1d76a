using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Data;

/// <summary>Prompt pairs as ids: what is refused, and how answers of several tokens are measured.</summary>
public sealed class PairBatchTests
{
    private static readonly LanguageModel Model = TestModels.Random();

    [Fact]
    public void Prompts_of_different_length_are_refused_and_shown_from_where_they_part()
    {
        string message = Refused(new PromptPair("w1 w2 w3 w4", "w1 w2 w5 w6 w4", "w7", "w8"));
        Assert.Contains("has 4 tokens and the corrupted one 5", message, StringComparison.Ordinal);
        Assert.Contains("' w1' ' w2' ·' w3' ' w4'", message, StringComparison.Ordinal);
        Assert.Contains("' w1' ' w2' ·' w5' ' w6' ' w4'", message, StringComparison.Ordinal);
        Assert.Contains("·(end)", Refused(new PromptPair("w1 w2", "w1 w2 w5", "w7", "w8")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_tell_anything_apart_is_refused()
    {
        Assert.Contains("are the same", Refused(new PromptPair("w1 w2", "w1 w2", "w7", "w8")), StringComparison.Ordinal);
        Assert.Contains("both 'w7'", Refused(new PromptPair("w1 w2", "w1 w3", "w7", "w7")), StringComparison.Ordinal);
        Assert.Contains("no pairs", Assert.Throws<CutawayException>(() => PairBatch.Encode(Model)).Message, StringComparison.Ordinal);
        Assert.Contains("pair 1", Assert.Throws<CutawayException>(() => PairBatch.Encode(Model, Good, new PromptPair("w1", "w1", "w2", "w3"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_of_several_tokens_is_measured_only_as_asked()
    {
        PromptPair pair = new("w1 w2", "w1 w3", "w7 w4 w9", "w8 w5");
        Assert.Contains("is 3 tokens in 'random' (' w7' ' w4' ' w9')", Refused(pair), StringComparison.Ordinal);
        PairBatch first = PairBatch.Encode(Model, AnswerTokens.First, [pair]);
        Assert.Equal([7], first.Answers);
        Assert.Equal([8], first.Versus);
        Assert.Contains("--answer-tokens sum", Assert.Throws<CutawayException>(() => PairBatch.Encode(Model, AnswerTokens.First, [pair with { Versus = "w7 w5" }])).Message, StringComparison.Ordinal);

        PairBatch sum = PairBatch.Encode(Model, AnswerTokens.Sum, [pair]);
        Assert.Equal([1, 2, 7, 4], sum.Clean.Row(0).ToArray());
        Assert.Equal([1, 3, 7, 4], sum.Corrupt.Row(0).ToArray());
        Assert.Throws<CutawayException>(() => MetricChoice.LogitDifference.For(Model, sum));
        double expected = 0;
        string prompt = "w1 w2";
        foreach (int id in sum.Continuations[0])
        {
            expected += new LogProbability([id]).Value(0, Model.Run(TokenBatch.Single(Model.Encode(prompt)), [], LogitScope.Last).LastLogits());
            prompt += $" w{id}";
        }

        Metric metric = MetricChoice.LogProbability.For(Model, sum);
        Assert.Equal(expected, MetricReader.Read(metric, Model.Run(sum.Clean, [], metric.Scope).Logits)[0], 1e-12);
    }

    [Fact]
    public void Pairs_of_different_lengths_share_a_batch_and_keep_their_values()
    {
        PromptPair longer = new("w9 w1 w2 w3 w4", "w9 w1 w5 w3 w4", "w10", "w11");
        PairBatch both = PairBatch.Encode(Model, AnswerTokens.Sum, [longer with { Answer = "w10 w12" }, Good]);
        Metric metric = MetricChoice.LogProbability.For(Model, both);
        double[] values = MetricReader.Read(metric, Model.Run(both.Clean, [], metric.Scope).Logits);
        PairBatch alone = PairBatch.Encode(Model, Good);
        Assert.Equal(MetricReader.Read(new LogProbability(alone.Answers), Model.Run(alone.Clean, [], LogitScope.Last).Logits)[0], values[1], 1e-12);
    }

    [Fact]
    public void Nothing_chosen_is_the_example_and_half_a_pair_is_refused()
    {
        LanguageModel wired = LanguageModel.Load("wired");
        PairBatch pairs = new PairChoice().Encode(wired);
        Assert.Equal(PromptPair.Default, Assert.Single(pairs.Pairs));
        Assert.Throws<CutawayException>(() => new PairChoice(Clean: "Mary and John").Encode(wired));
        Assert.Throws<CutawayException>(() => new PairChoice(Clean: "Mary and John", Pairs: "ioi").Encode(wired));
        Assert.Contains("did you mean 'agreement'", Assert.Throws<CutawayException>(() => new PairChoice(Pairs: "agrement").Encode(wired)).Message, StringComparison.Ordinal);
    }

    private static PromptPair Good => new("w1 w2", "w1 w3", "w7", "w8");

    private static string Refused(PromptPair pair) => Assert.Throws<CutawayException>(() => PairBatch.Encode(Model, pair)).Message;
}
