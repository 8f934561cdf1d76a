using System.Diagnostics;
using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Bench;

/// <summary>What choosing a token costs beside computing it, by decoding method, and what an intervention in every step costs.</summary>
internal static class DecodingBench
{
    private const int Tokens = 48;

    /// <summary>Prints one table.</summary>
    public static void Run(string[] args)
    {
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("decoding skipped: set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        LanguageModel model = LanguageModel.Load(path);
        Prompt prompt = Prompt.FromIds(BenchModels.Ids(16, model.Config.Vocabulary));
        Prompt[] four = [.. Enumerable.Range(0, 4).Select(i => Prompt.FromIds(BenchModels.Ids(16 - i, model.Config.Vocabulary)))];
        PlanItem[] steering = [Add.Vector(Site.ResidPre(12), Tensor.Vector([.. Enumerable.Range(0, model.Config.DModel).Select(i => Math.Sin(i))]))];
        GenerationOptions greedy = new() { MaxTokens = Tokens, StopAtEnd = false };
        Constraint words = Constraint.FromGrammar("root ::= word root\nword ::= [A-Za-z]+ [ .,]");
        GenerationOptions drawn = greedy with { Temperature = 1 };
        (string Name, int Sequences, Action Run)[] rows =
        [
            ("greedy", 1, () => model.Generate(prompt, greedy)),
            ("greedy, steered", 1, () => model.Generate(prompt, greedy, steering)),
            ("drawn", 1, () => model.Generate(prompt, drawn)),
            ("drawn, top-k 50, top-p 0.9", 1, () => model.Generate(prompt, drawn with { TopK = 50, TopP = 0.9 })),
            ("drawn, top-p 0.95", 1, () => model.Generate(prompt, drawn with { TopP = 0.95 })),
            ("drawn, typical 0.9", 1, () => model.Generate(prompt, drawn with { TypicalP = 0.9 })),
            ("drawn, constrained", 1, () => model.Generate(prompt, drawn with { Constraint = words })),
            ("4 prompts, drawn", 4, () => model.Generate(four, drawn)),
            ("beam search, 4 beams", 1, () => model.Generate(prompt, greedy with { Strategy = new BeamSearch() })),
            ("contrastive, 4 candidates", 1, () => model.Generate(prompt, greedy with { Strategy = new ContrastiveSearch() })),
            ("DoLa, high", 1, () => model.Generate(prompt, greedy with { Strategy = new Dola() })),
        ];
        double[] best = [.. rows.Select(_ => double.PositiveInfinity)];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                rows[i].Run();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        Console.WriteLine($"decoding, SmolLM2 Q4_1, {model.Network.Pool.Threads} thread(s), 16 + {Tokens} tokens, best of 3");
        Console.WriteLine($"{"method",-28}{"tokens/s",10}{"time to greedy",16}");
        for (int i = 0; i < rows.Length; i++)
        {
            Console.WriteLine($"{rows[i].Name,-28}{rows[i].Sequences * Tokens / best[i],10:F1}{best[i] / best[0],16:F2}");
        }
    }
}
