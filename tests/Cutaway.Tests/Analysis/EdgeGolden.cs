using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Analysis;

/// <summary>The prompts and the numbers of <c>goldens/edges</c> on the tiny GPT-2.</summary>
internal sealed class EdgeGolden
{
    public EdgeGolden(DType dtype = DType.Float64)
    {
        Model = TestModels.TinyGpt2(dtype: dtype);
        int[][] clean = Rows("clean");
        int[][] corrupted = Rows("corrupted");
        string[] answers = Words("answer");
        string[] others = Words("wrong");
        Pairs = PairBatch.Encode(
            Model, [.. clean.Select((ids, i) => new PromptPair(Prompt.FromIds(ids), Prompt.FromIds(corrupted[i]), answers[i], others[i]))]);
        Metric = new LogitDifference(Pairs.Answers, Pairs.Versus);
        Tolerance = dtype == DType.Float64 ? 2e-7 : 2e-4;
    }

    public Golden Numbers { get; } = new("edges", "edges");

    public LanguageModel Model { get; }

    public PairBatch Pairs { get; }

    public Metric Metric { get; }

    public double Tolerance { get; }

    public EdgeGraph Graph => new(Model.Config);

    public string[] Names(string list) => [.. Numbers.Json.GetProperty(list).EnumerateArray().Select(name => name.GetString()!)];

    public void AssertClose(string name, IEnumerable<double> actual)
    {
        double[] expected = Numbers[name];
        double[] numbers = [.. actual];
        Assert.Equal(expected.Length, numbers.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // The golden is rounded to single precision.
            Assert.True(Math.Abs(expected[i] - numbers[i]) <= Tolerance + (Math.Abs(expected[i]) * 6e-8), $"{name}[{i}]: {numbers[i]}, {expected[i]} expected");
        }
    }

    /// <summary>The correlation of scores with exact effects, over legal edges.</summary>
    public void AssertCorrelation(string name, IReadOnlyList<double> scores)
    {
        long[] legal = Numbers.Integers("legal");
        double[] exact = Numbers["exact"];
        int[] edges = [.. Enumerable.Range(0, legal.Length).Where(i => legal[i] != 0)];
        double expected = Numbers.Json.GetProperty("correlation_with_exact").GetProperty(name).GetDouble();
        Assert.Equal(expected, Correlation.Of(edges.Select(i => scores[i]), edges.Select(i => exact[i])).Pearson, Tolerance * 10);
    }

    private int[][] Rows(string name) => [.. Numbers.Json.GetProperty(name).EnumerateArray().Select(Golden.Ids)];

    private string[] Words(string name) => [.. Golden.Ids(Numbers.Json.GetProperty(name)).Select(Model.Tokenizer.TokenText)];
}
