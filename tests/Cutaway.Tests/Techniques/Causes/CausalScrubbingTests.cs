using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Organisms;
using Cutaway.Techniques.Causes;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques.Causes;

public sealed class CausalScrubbingTests
{
    private static readonly string[] Names = ["answer", "versus", "answer-at", "versus-at"];
    private static readonly string[] Subject = ["versus", "versus-at"];

    // The known circuit: the name mover's queries read the s-inhibition head at the end, which reads the duplicate-token head.
    private static readonly ScrubbingHypothesis Circuit = new(
    [
        new("logits", [new("2.0", Agree: Names, Positions: [-1]), new("2.1", Agree: Names, Positions: [-1])]),
        new("2.0", [new("1.1", "q", Subject, [-1]), new("input", "k", Names), new("input", "v", Names)]),
        new("2.1", [new("1.1", "q", Subject, [-1]), new("input", "k", Names), new("input", "v", Names)]),
        new("1.1", [new("input", "q", ["token:-1"], [-1]), new("input", "k", Subject), new("0.1", "k", Subject), new("input", "v", Subject), new("0.1", "v", Subject)]),
    ]);

    [Fact]
    public void The_known_circuit_of_wired_keeps_the_behaviour()
    {
        CausalScrubbingFinding finding = Scrub(Circuit);
        Assert.Equal(1, finding.Recovered, 0.03);
        Assert.Equal(0, finding.Random, 3.0);
        Assert.True(finding.Choices > 3, $"an activation could come from {finding.Choices} prompts");
    }

    [Theory]
    [InlineData("no s-inhibition")]
    [InlineData("the answer instead of the subject")]
    [InlineData("idle heads")]
    public void Wrong_claims_about_wired_lose_it(string claim)
    {
        ScrubbingHypothesis wrong = claim switch
        {
            "no s-inhibition" => Without("q"),
            "the answer instead of the subject" => new([.. Circuit.Nodes.Select(node => node with { Reads = [.. node.Reads.Select(edge => edge.From == "1.1" ? edge with { Agree = ["answer"] } : edge)] })]),
            _ => ScrubbingHypothesis.Of(["0.2", "1.2", "2.2", "0.0", "1.0"], Names),
        };
        Assert.True(Scrub(wrong).Recovered < 0.7, $"{claim}: {Scrub(wrong).Recovered}");
    }

    [Fact]
    public void A_claim_that_everything_matters_changes_nothing()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = PairBatch.Encode(model, Enumerable.Range(0, 6).Select(i =>
            new PromptPair(Cutaway.Prompt.FromIds([i, 7 + i, 11, 5 + (i % 2)]), Cutaway.Prompt.FromIds([i, 3, 3, 3]), $" w{i}", " w20")).ToArray());
        string[] parts = ["input", .. Enumerable.Range(0, 2).SelectMany(layer => Enumerable.Range(0, 4).Select(head => $"{layer}.{head}").Append($"mlp{layer}"))];
        ScrubbingHypothesis all = new(
        [
            new("logits", All(parts)),
            .. Enumerable.Range(0, 4).Select(head => new HypothesisNode($"1.{head}", All(parts[..6]))),
            new("mlp1", All(parts[..10])),
            new("mlp0", All(parts[..5])),
        ]);
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        CausalScrubbingFinding finding = new CausalScrubbing(Samples: 2).Run(model, pairs, metric, all);
        Assert.Equal(finding.Model, finding.Scrubbed, 1e-10);
        Assert.Equal(1, finding.Recovered, 1e-10);
        Assert.Equal(1, finding.Choices);
        Assert.NotEqual(finding.Model, finding.Random, 1e-3);
    }

    [Fact]
    public void The_same_seed_scrubs_alike()
    {
        CausalScrubbingFinding first = new CausalScrubbing(Count: 16, Samples: 2).Run(LanguageModel.Load("wired"));
        Assert.Equal(first.Scrubbed, new CausalScrubbing(Count: 16, Samples: 2).Run(LanguageModel.Load("wired")).Scrubbed);
    }

    [Theory]
    [InlineData("0.0", "1.0", null, "answer", "cannot read '1.0', which comes after it")]
    [InlineData("input", "0.0", null, "answer", "'input' reads nothing")]
    [InlineData("1.0", "0.0", "w", "answer", "has no input 'w'")]
    [InlineData("1.0", "0.0", "q", "colour", "no feature 'colour' of prompts")]
    [InlineData("1.0", "heads", null, "answer", "'heads' is not one part")]
    public void Claims_that_cannot_be_are_refused(string node, string from, string? to, string agree, string message)
    {
        ScrubbingHypothesis claim = new([new("logits", []), new(node, [new(from, to, [agree])])]);
        Assert.Contains(message, Assert.Throws<CutawayException>(() => Scrub(claim)).Message, StringComparison.Ordinal);
    }

    private static ScrubbingHypothesis Without(string port) =>
        new([.. Circuit.Nodes.Select(node => node with { Reads = [.. node.Reads.Where(edge => edge.From != "1.1" || edge.To != port)] })]);

    private static HypothesisEdge[] All(IEnumerable<string> parts) => [.. parts.Select(part => new HypothesisEdge(part, Agree: ["prompt"]))];

    private static CausalScrubbingFinding Scrub(ScrubbingHypothesis claim)
    {
        LanguageModel model = LanguageModel.Load("wired");
        string[] names = [.. WiredVocabulary.Names.Take(3)];
        WiredSentence[] sentences =
        [
            .. names.SelectMany(receiver => names.Where(name => name != receiver).SelectMany(subject => new[] { false, true }.SelectMany(first => WiredVocabulary.Places.Take(3)
                .Select(place => WiredSentence.Make(0, receiver, subject, first, place, WiredVocabulary.Objects[0]))))),
        ];
        PairBatch pairs = PairBatch.Encode(model, sentences.Select(sentence => new PromptPair(sentence.Text, sentence.Text.Replace("gave", "handed", StringComparison.Ordinal), sentence.Receiver, sentence.Subject)).ToArray());
        return new CausalScrubbing(Samples: 4).Run(model, pairs, new LogitDifference(pairs.Answers, pairs.Versus), claim);
    }
}
