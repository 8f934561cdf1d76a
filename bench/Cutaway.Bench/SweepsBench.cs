using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>Planned patching sweeps beside one full run for each experiment through the same engine.</summary>
internal static class SweepsBench
{
    private const int Length = 15;

    // Naive runs measured in turn with the planned sweep; all of them would take minutes.
    private const int Sample = 12;

    /// <summary>Prints one row a sweep.</summary>
    /// <param name="args">"gpt2" or "smollm2" for that model alone.</param>
    public static void Run(string[] args)
    {
        Console.WriteLine($"patching sweeps, {WorkerPool.Default.Threads} thread(s); naive: one full run for each experiment, of which {Sample} are timed");
        Console.WriteLine($"{"",-36}{"runs",6}{"seconds",9}{"naive s",9}{"ratio",7}{"products",10}{"GFLOP/s",9}{"batch MB",10}{"base MB",9}");
        if (BenchModels.SmolLm2 is not { } path)
        {
            Console.WriteLine("skipped: the tokenizer is SmolLM2's; set CUTAWAY_SHARED to the folder that holds models/smollm2-135m-instruct");
            return;
        }

        LanguageModel smol = LanguageModel.Load(path);
        if (args is not ["smollm2"])
        {
            LanguageModel gpt2 = smol.WithNetwork(BenchModels.Gpt2(WorkerPool.Default));
            foreach ((string name, int[] changed) in new (string, int[])[] { ("second subject", [10]), ("all names", [2, 4, 10]) })
            {
                (TokenBatch clean, TokenBatch corrupt) = Prompts(gpt2, 8, Length, changed);
                Case($"GPT-2 8×15, {name}: head z", gpt2, clean, corrupt, Heads(gpt2, clean));
                Case($"GPT-2 8×15, {name}: resid_pre", gpt2, clean, corrupt, Streams(gpt2, clean));
            }
        }

        if (args is not ["gpt2"])
        {
            (TokenBatch clean, TokenBatch corrupt) = Prompts(smol, 1, 14, [9]);
            Case("SmolLM2 1×14: head z", smol, clean, corrupt, Heads(smol, clean));
            Case("SmolLM2 1×14: resid_pre", smol, clean, corrupt, Streams(smol, clean));
        }
    }

    private static void Case(string name, LanguageModel model, TokenBatch clean, TokenBatch corrupt, Variant[] variants)
    {
        int[] answers = [.. Enumerable.Range(0, clean.Batch).Select(i => 100 + i)];
        int[] others = [.. answers.Select(id => id + 1000)];
        Sweep sweep = new(corrupt, new LogitDifference(answers, others), variants);
        Sweep naive = sweep with { Naive = true, Variants = [.. variants.Where((_, i) => i % (variants.Length / Sample) == 0).Take(Sample)] };
        SweepPlan plan = sweep.Plan(model);
        double planned = double.PositiveInfinity;
        double each = double.PositiveInfinity;
        for (int round = 0; round < 2; round++)
        {
            planned = Math.Min(planned, Machine.Once(() => sweep.Run(model)));
            each = Math.Min(each, Machine.Once(() => naive.Run(model)) / (Sample + 1));
        }

        double all = each * (variants.Length + 1);
        Console.WriteLine($"{name,-36}{variants.Length,6}{planned,9:F2}{all,9:F2}{all / planned,7:F1}{(double)plan.NaiveMultiplyAdds / plan.MultiplyAdds,10:F1}{2 * plan.MultiplyAdds / planned / 1e9,9:F0}{plan.BatchBytes / 1e6,10:F0}{plan.BaseBytes / 1e6,9:F0}");
    }

    private static Variant[] Heads(LanguageModel model, TokenBatch clean)
    {
        Run run = model.Run(clean, Capture.All(Site.AllZ), LogitScope.None);
        return
        [
            .. Enumerable.Range(0, model.Config.Layers * model.Config.Heads).Select(i => (Layer: i / model.Config.Heads, Head: i % model.Config.Heads))
                .Select(head => new Variant($"{head.Layer}.{head.Head}", Replace.With(Site.Z(head.Layer, head.Head), run))),
        ];
    }

    private static Variant[] Streams(LanguageModel model, TokenBatch clean)
    {
        Run run = model.Run(clean, Capture.All(Site.AllResidPre), LogitScope.None);
        return
        [
            .. Enumerable.Range(0, model.Config.Layers * clean.Length).Select(i => (Layer: i / clean.Length, Position: i % clean.Length))
                .Select(place => new Variant($"{place.Layer}, {place.Position}", Replace.With(Site.ResidPre(place.Layer).At(place.Position), run))),
        ];
    }

    // Prompts of random ids that differ at the given positions.
    private static (TokenBatch Clean, TokenBatch Corrupt) Prompts(LanguageModel model, int count, int length, int[] changed)
    {
        int[][] clean = [.. BenchModels.Ids(count * length, model.Config.Vocabulary).Chunk(length)];
        int[][] corrupt = [.. clean.Select(row => row.Select((id, i) => changed.Contains(i) ? (id + 7) % model.Config.Vocabulary : id).ToArray())];
        return (TokenBatch.Pad(clean), TokenBatch.Pad(corrupt));
    }
}
