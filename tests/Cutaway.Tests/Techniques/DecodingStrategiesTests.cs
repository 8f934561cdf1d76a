using System.Text.Json;
using Cutaway.Decoding;
using Cutaway.Runs;
using Cutaway.Techniques;
using Cutaway.Techniques.Internals;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>The technique over decoding methods, and the options of <c>generate</c>.</summary>
public sealed class DecodingStrategiesTests
{
    private const string Beginning = "When Mary and John went to the store, John gave";
    private static readonly LanguageModel Fable = LanguageModel.Load("fable");

    [Fact]
    public void Each_filter_is_measured_in_the_distribution_that_it_is_given()
    {
        DecodingStrategiesFinding finding = TechniqueDescription.Run(new DecodingStrategies(Beginning, Temperature: 2, TopK: 7, MinP: 0.2, MaxTokens: 5), Fable);
        double[] logits = Fable.Run(Beginning).LastLogits();
        double[] p = [.. logits.Select(logit => Math.Exp((logit - logits.Max()) / 2))];
        double[] likeliest = [.. p.Select(value => value / p.Sum()).OrderDescending()];
        FilterEffect topK = finding.Filters.Single(filter => filter.Name == "top-k 7");
        Assert.Equal(7, topK.Kept);
        Assert.Equal(likeliest.Skip(7).Sum(), topK.RemovedMass, 1e-6);
        Golden.AssertClose([.. likeliest.Take(7).Select(value => value / likeliest.Take(7).Sum())], [.. topK.Probabilities.Take(7)], 1e-6, "top-k");
        Assert.All(topK.Probabilities.Skip(7), value => Assert.Equal(0, value));
        FilterEffect minP = finding.Filters.Single(filter => filter.Name == "min-p 0.2");
        double[] kept = [.. likeliest.Where(value => value >= 0.2 * likeliest[0])];
        Assert.Equal(kept.Length, minP.Kept);
        Assert.Equal(-kept.Sum(value => value / kept.Sum() * Math.Log(value / kept.Sum())), minP.Entropy, 1e-6);
        Assert.Equal(0, finding.Filters[0].RemovedMass);
        Assert.Equal(finding.Filters.Min(filter => filter.Kept), finding.Filters[^1].Kept);
    }

    [Fact]
    public void Each_text_is_what_generating_by_that_method_gives()
    {
        DecodingStrategiesFinding finding = new DecodingStrategies(Beginning, Temperature: 2, MaxTokens: 8, Seed: 5).Run(Fable);
        Assert.Equal(Fable.Generate(Beginning, new GenerationOptions { MaxTokens = 8 }).Text, Text("greedy"));
        Assert.Equal(Fable.Generate(Beginning, new GenerationOptions { MaxTokens = 8, Strategy = new BeamSearch() }).Text, Text("beam search, 4 beams"));
        Assert.Equal(Fable.Generate(Beginning, new GenerationOptions { MaxTokens = 8, Temperature = 2, TopP = 0.9, Seed = 5 }).Text, Text("drawn, top-p"));
        Assert.Contains($"{finding.Texts.Count} texts differ", finding.Headline, StringComparison.Ordinal);

        string Text(string method) => finding.Texts.Single(text => text.Method == method).Text;
    }

    [Fact]
    public void Generate_passes_on_its_options()
    {
        GenerateFinding finding = new Generate(Beginning, Beams: 3, MaxTokens: 12, Ban: [" Mary"], LogitBias: [" cup=3"]).Run(Fable);
        Assert.Equal(3, finding.Ranked.Count);
        Assert.Equal(finding.Text, finding.Ranked[0].Text);
        Assert.DoesNotContain(" Mary", finding.Text, StringComparison.Ordinal);
        Assert.Contains(" cup", finding.Text, StringComparison.Ordinal);
        List<string> pieces = [];
        GenerateFinding streamed = new Generate(Beginning, Stream: true, Stop: [" to"]).Run(Fable, new Progress(null) { Text = pieces.Add });
        Assert.Equal(Beginning + streamed.Text, string.Concat(pieces).TrimEnd('\n'));
        Assert.Equal(FinishReason.StopText, streamed.Finish);
        Assert.Matches("^ a (red|blue)? ?[a-z]+\\.$", new Generate(Beginning, Regex: " a (red|blue)? ?[a-z]{1,9}\\.").Run(Fable).Text);
        JsonDocument.Parse(new Generate(Beginning, Grammar: "json", LogitBias: ["]=30", "[=20"]).Run(Fable).Text).Dispose();
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused()
    {
        AssertRefused("--beams and --dola", new Generate(Beginning, Beams: 2, Dola: "low"));
        AssertRefused("at temperature 0 nothing is drawn", new Generate(Beginning, TopP: 0.9));
        AssertRefused("draws nothing", new Generate(Beginning, Beams: 2, Temperature: 1));
        AssertRefused("--logit-bias ' cup'", new Generate(Beginning, LogitBias: [" cup"]));
        AssertRefused("expected low, high", new Generate(Beginning, Dola: "middle"));
        AssertRefused("are not all among", new Generate(Beginning, Dola: "99"));
        AssertRefused("groups of equal size", new Generate(Beginning, Beams: 4, BeamGroups: 3));
        AssertRefused("--regex and --grammar", new Generate(Beginning, Regex: "a", Grammar: "json"));
        AssertRefused("could not be read", new Generate(Beginning, Grammar: "no/such.gbnf"));

        static void AssertRefused(string message, Generate request) =>
            Assert.Contains(message, Assert.Throws<CutawayException>(() => request.Run(Fable)).Message, StringComparison.Ordinal);
    }
}
