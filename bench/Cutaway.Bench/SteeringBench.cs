using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Bench;

/// <summary>What a vector that is added at one layer in every step costs a generation.</summary>
internal static class SteeringBench
{
    private const int Tokens = 48;
    private const int Rounds = 21;

    /// <summary>Prints one table.</summary>
    public static void Run(string[] args)
    {
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("steering skipped: set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        LanguageModel model = LanguageModel.Load(path);
        int d = model.Config.DModel;
        Prompt prompt = Prompt.FromIds(BenchModels.Ids(16, model.Config.Vocabulary));
        Tensor vector = Tensor.Vector([.. Enumerable.Range(0, d).Select(i => 1e-3 * Math.Sin(i))]);
        (string Name, PlanItem[] Plan)[] cases =
        [
            ("without", []),
            ("one vector, one layer", [Add.Vector(Site.ResidPre(15), vector, 4)]),
            ("one vector, every layer", [Add.Vector(new Site("blocks.*.hook_resid_pre"), vector)]),
            ("a head's output made zero", [Ablate.Zero(Site.Z(10, 3))]),
        ];
        GenerationOptions options = new() { MaxTokens = Tokens, StopAtEnd = false };
        double[][] times = [.. cases.Select(_ => new double[Rounds])];

        // In turns, so that all see the machine in the same mood; the first are for the compiler.
        for (int round = -3; round < Rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                times[i][Math.Max(0, round)] = Machine.Once(() => model.Generate(prompt, options, cases[i].Plan));
            }
        }

        Console.WriteLine($"steering, SmolLM2 Q4_1, {model.Network.Pool.Threads} thread(s), 16 + {Tokens} tokens, {Rounds} alternating runs");
        Console.WriteLine($"{"",-28}{"best tokens/s",15}{"median",9}{"best to best",14}{"median of ratios",18}");
        for (int i = 0; i < cases.Length; i++)
        {
            double[] ratios = [.. times[i].Zip(times[0], (own, first) => own / first).Order()];
            Console.WriteLine(
                $"{cases[i].Name,-28}{Tokens / times[i].Min(),15:F1}{Tokens / times[i].Order().ElementAt(Rounds / 2),9:F1}{times[i].Min() / times[0].Min(),14:F3}{ratios[Rounds / 2],18:F3}");
        }
    }
}
