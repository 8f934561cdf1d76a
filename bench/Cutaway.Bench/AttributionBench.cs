using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>What attribution costs in forward passes of the same prompts: GPT-2 small's shape, 8 pairs of 15 tokens.</summary>
internal static class AttributionBench
{
    private const int Pairs = 8;
    private const int Length = 15;

    /// <summary>Prints one row a method.</summary>
    public static void Run(string[] args)
    {
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("attribution skipped: set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        LanguageModel model = LanguageModel.Load(path).WithNetwork(BenchModels.Gpt2(WorkerPool.Default));
        int[] ids = BenchModels.Ids(2 * Pairs * Length, 40000);
        string[] answers = [.. Enumerable.Range(0, 2).Select(i => model.Tokenizer.TokenText(1000 + i))];
        PairBatch pairs = PairBatch.Encode(
            model, [.. Enumerable.Range(0, Pairs).Select(i => new PromptPair(Cutaway.Prompt.FromIds(ids[(i * Length)..((i + 1) * Length)]), Cutaway.Prompt.FromIds([.. ids[(i * Length)..(((i + 1) * Length) - 1)], ids[^(i + 1)]]), answers[0], answers[1]))]);
        LogitDifference metric = new(pairs.Answers, pairs.Versus);
        (string Name, Action Run)[] methods =
        [
            ("forward", () => model.Run(pairs.Clean, [], LogitScope.Last)),
            ("forward and backward", () => model.Differentiate(pairs.Clean, metric, [Interventions.CaptureGradient.At(Sites.Site.ResidPre(0))])),
            ("attribution-patching", () => new AttributionPatching(Over: PatchSite.HeadZ).Run(model, pairs, metric)),
            ("edge scores (eap)", () => Edges(model, pairs, metric)),
        ];
        double[] best = [.. methods.Select(_ => double.PositiveInfinity)];
        for (int round = 0; round < 7; round++)
        {
            for (int i = 0; i < methods.Length; i++)
            {
                best[i] = Math.Min(best[i], Machine.Once(methods[i].Run));
            }
        }

        Console.WriteLine($"attribution, GPT-2 small {Pairs}×{Length}, {WorkerPool.Default.Threads} thread(s)");
        Console.WriteLine($"{"",-24}{"ms",10}{"forwards",10}");
        foreach ((string name, double time) in methods.Select((method, i) => (method.Name, best[i])))
        {
            Console.WriteLine($"{name,-24}{time * 1e3,10:F1}{time / best[0],10:F2}");
        }
    }

    private static void Edges(LanguageModel model, PairBatch pairs, Metric metric)
    {
        EdgeAttribution attribution = new(model, pairs, metric, default);
        attribution.Add(attribution.CleanGradient, 1);
        _ = attribution.Scores();
    }
}
