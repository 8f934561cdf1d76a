using Cutaway.Interventions;
using Cutaway.Metrics;

namespace Cutaway.Planning;

/// <summary>Many experiments on the same prompts: each variant is the base run with something changed, and is measured by one metric.</summary>
/// <param name="Prompts">What the base run reads.</param>
/// <param name="Metric">What is measured; made for as many items as there are prompts.</param>
/// <param name="Variants">The experiments.</param>
public sealed record Sweep(TokenBatch Prompts, Metric Metric, IReadOnlyList<Variant> Variants)
{
    /// <summary>Bytes of working memory that a batch of variants may take.</summary>
    public long MemoryBudget { get; init; } = 1L << 30;

    /// <summary>Whether every variant is a full run of its own, as a check on the plan.</summary>
    public bool Naive { get; init; }

    /// <summary>Runs the sweep.</summary>
    /// <exception cref="CutawayException">A variant does not fit the model.</exception>
    public SweepResult Run(LanguageModel model, Progress progress = default)
    {
        double[] baseline = Measure([]);
        double[][] values = new double[Variants.Count][];
        for (int i = 0; i < values.Length; i++)
        {
            progress.Step("patching", i, values.Length);
            values[i] = Measure([.. Variants[i].Interventions]);
        }

        progress.Step("patching", values.Length, values.Length);
        return new SweepResult { Baseline = baseline, Values = values };

        double[] Measure(IReadOnlyList<PlanItem> plan) =>
            MetricReader.Read(Metric, model.Run(Prompts, plan, Metric.Scope, progress.Cancellation).Logits);
    }
}
