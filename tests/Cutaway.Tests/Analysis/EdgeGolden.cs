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

    public void AssertClose(string name, IEnumerable<double> actual) => Golden.AssertClose(Numbers[name], [.. actual], Tolerance, name);

    private int[][] Rows(string name) => [.. Numbers.Json.GetProperty(name).EnumerateArray().Select(Golden.Ids)];

    private string[] Words(string name) => [.. Golden.Ids(Numbers.Json.GetProperty(name)).Select(Model.Tokenizer.TokenText)];
}
