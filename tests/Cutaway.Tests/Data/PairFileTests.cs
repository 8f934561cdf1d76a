using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Testing;

namespace Cutaway.Tests.Data;

/// <summary>Files of prompt pairs: the published ones, and malformed ones.</summary>
public sealed class PairFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-pairs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableTheory]
    [InlineData("greater-than.csv", 1000, "The contract lasted from the year 1352 to the year 13", "53", "51")]
    [InlineData("ioi-llama.csv", 499, "Then, Aaron and Amber were working at the house. Aaron decided to give a drink to", " Amber", " Aaron")]
    [InlineData("agreement-simple-test.jsonl", 120, "The uncle", " has", " have")]
    [InlineData("agreement-nounpp-train.jsonl", 1920, "The teachers near the desk", " are", " is")]
    public void Published_sets_are_read_whole(string file, int count, string clean, string answer, string versus)
    {
        string path = Fixtures.Shared("data", "circuits", file);
        IReadOnlyList<PromptPair> pairs = PairFile.Read(path, int.MaxValue);
        Assert.Equal(count, pairs.Count);
        Assert.Equal((clean, answer, versus), (pairs[0].Clean.Text!, pairs[0].Answer, pairs[0].Versus));
        Assert.All(pairs, pair => Assert.NotEqual(pair.Clean, pair.Corrupt));
        Assert.Equal(pairs.Take(5), PairFile.Read(path, 5));
    }

    [SkippableFact]
    public void Later_years_are_right_and_the_label_and_earlier_ones_wrong()
    {
        string path = Fixtures.Shared("data", "circuits", "greater-than.csv");
        LanguageModel fable = PairGeneratorTests.FableWithoutTraining();
        PairBatch pairs = new PairChoice(Pairs: path, Count: 3).Encode(fable);
        ProbabilityDifference metric = Assert.IsType<ProbabilityDifference>(MetricChoice.ProbabilityDifference.For(fable, pairs));
        Assert.Equal(["53", "54", "55"], fable.TokenTexts(metric.Answers[0].Take(3)));
        Assert.Equal("52", fable.TokenTexts(metric.Versus[0])[^1]);
        Assert.Equal((47, 53), (metric.Answers[0].Count, metric.Versus[0].Count));
    }

    [Fact]
    public void Fields_in_quotes_may_hold_commas_quotes_and_line_breaks()
    {
        PromptPair pair = Assert.Single(Read("a.csv", "clean,corrupt,answer,versus\r\n\"Then, \"\"he\"\"\nleft\",\"b,\", x,\" y\"\n\n"));
        Assert.Equal(("Then, \"he\"\nleft", "b,", " x", " y"), (pair.Clean.Text!, pair.Corrupt.Text!, pair.Answer, pair.Versus));
        Assert.Equal("line 2 of a.csv", pair.Origin);
    }

    [Theory]
    [InlineData("a.csv", "clean,corrupt,answer,versus\na,b,c,d\na,b,c\n", "line 3 of a.csv has 3 fields; its heading names 4")]
    [InlineData("a.csv", "clean,corrupt,answer,versus\n\na,,c,d\n", "line 3 of a.csv: 'corrupt' is empty")]
    [InlineData("a.csv", "clean,corrupt,answer,versus\na,b,\"c,d\n", "line 2 of a.csv: a quote is never closed")]
    [InlineData("a.csv", "clean,corrupt,answer,versus\na,b,\"c\"c,d\n", "'c' follows a closed quote")]
    [InlineData("a.csv", "clean,corrupt,answer,versus,answer\na,b,c,d,e\n", "names a column twice")]
    [InlineData("a.csv", "text,truth\na,b\n", "line 2 of a.csv: there is no 'clean' among its fields (text, truth)")]
    [InlineData("a.csv", "clean,corrupted,label\na,b,99\n", "the label '99' is not a year's last two digits")]
    [InlineData("a.csv", "clean,corrupted,correct_idx\nHe left,b,99\n", "no two names")]
    [InlineData("a.csv", "clean,corrupt,answer,versus\n", "holds no pairs")]
    [InlineData("a.jsonl", "{\"clean_prefix\": \"a\"}", "line 1 of a.jsonl: there is no 'corrupt'")]
    [InlineData("a.jsonl", "\n[1]", "line 2 of a.jsonl is not a JSON object")]
    [InlineData("a.jsonl", "\n{\"clean_prefix", "line 2 of a.jsonl is not JSON")]
    [InlineData("a.txt", "a", "neither a .csv or .jsonl file nor a generator")]
    public void A_malformed_row_is_named_by_its_line(string name, string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<CutawayException>(() => Read(name, text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pair_that_does_not_align_is_named_by_its_line()
    {
        File.WriteAllText(Path.Combine(folder, "a.csv"), "clean,corrupt,answer,versus\nwent to,went to the, Mary, John\n");
        CutawayException error = Assert.Throws<CutawayException>(() => new PairChoice(Pairs: Path.Combine(folder, "a.csv")).Encode(LanguageModel.Load("wired")));
        Assert.StartsWith("line 2 of a.csv: the clean prompt has", error.Message, StringComparison.Ordinal);
        Assert.Throws<CutawayException>(() => PairFile.Read(Path.Combine(folder, "none.csv"), 1));
    }

    private IReadOnlyList<PromptPair> Read(string name, string text)
    {
        File.WriteAllText(Path.Combine(folder, name), text);
        return PairFile.Read(Path.Combine(folder, name), int.MaxValue);
    }
}
