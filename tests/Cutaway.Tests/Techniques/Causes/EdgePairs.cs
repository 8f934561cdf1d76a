using System.Text.Json;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques.Causes;

/// <summary>The goldens <c>edges</c>: three prompt pairs on the tiny GPT-2, and what was computed of them in double precision.</summary>
internal sealed class EdgePairs
{
    public EdgePairs()
    {
        JsonElement json = Values.Json;
        int[] answers = Golden.Ids(json.GetProperty("answer"));
        int[] wrong = Golden.Ids(json.GetProperty("wrong"));
        Pairs = PairBatch.Encode(Model, Enumerable.Range(0, answers.Length).Select(i =>
            new PromptPair(Row("clean", i), Row("corrupted", i), $" w{answers[i]}", $" w{wrong[i]}")).ToArray());
        Metric = new LogitDifference(Pairs.Answers, Pairs.Versus);
        Clean = json.GetProperty("clean_value").GetDouble();
        Corrupt = json.GetProperty("corrupted_value").GetDouble();

        Prompt Row(string name, int i) => Cutaway.Prompt.FromIds(Golden.Ids(json.GetProperty(name)[i]));
    }

    public LanguageModel Model { get; } = TestModels.TinyGpt2(dtype: DType.Float64);

    public Golden Values { get; } = new("edges", "edges");

    public PairBatch Pairs { get; }

    public LogitDifference Metric { get; }

    public double Clean { get; }

    public double Corrupt { get; }
}
