using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Tensors;

namespace Cutaway.Planning;

/// <summary>
/// Many experiments on the same prompts: each variant is the base run with something changed, and is measured by one metric.
/// What a variant does not change is not computed again: it starts from the base run's residual streams where it first differs,
/// at the first position that differs, and only the logits that the metric reads are computed.
/// </summary>
/// <param name="Prompts">What the base run reads.</param>
/// <param name="Metric">What is measured; made for as many items as there are prompts.</param>
/// <param name="Variants">The experiments.</param>
public sealed record Sweep(TokenBatch Prompts, Metric Metric, IReadOnlyList<Variant> Variants)
{
    /// <summary>Changes at the embeddings that every run has, the base run too, such as noise on a subject.</summary>
    public IReadOnlyList<Intervention> Base { get; init; } = [];

    /// <summary>Bytes of working memory that a batch of variants may take.</summary>
    public long MemoryBudget { get; init; } = MemorySize.Default.Bytes;

    /// <summary>Whether every variant is a full run of its own, as a check on the plan.</summary>
    public bool Naive { get; init; }

    /// <summary>How the sweep would be run. It takes the base run to find out.</summary>
    /// <exception cref="CutawayException">A variant does not fit the model, or not into the memory.</exception>
    public SweepPlan Plan(LanguageModel model) => model.DType == DType.Float32
        ? new SweepRunner<float>(model, this, default).Plan
        : new SweepRunner<double>(model, this, default).Plan;

    /// <summary>Runs the sweep.</summary>
    /// <param name="model">The model.</param>
    /// <param name="progress">Reports and cancels.</param>
    /// <param name="done">What an earlier, cancelled run of the same sweep measured.</param>
    /// <exception cref="CutawayException">A variant does not fit the model, or not into the memory.</exception>
    /// <exception cref="SweepCancelledException">It was cancelled; what was done is in the exception.</exception>
    public SweepResult Run(LanguageModel model, Progress progress = default, SweepResult? done = null) => RunKeeping(model, progress, done, null);

    /// <summary>The same; what is done so far is shown after each batch.</summary>
    internal SweepResult RunKeeping(LanguageModel model, Progress progress, SweepResult? done, Action<SweepResult>? kept)
    {
        double[][] values = done is null ? [.. Variants.Select(_ => Array.Empty<double>())] : [.. done.Values];
        return model.DType == DType.Float32 ? Run<float>() : Run<double>();

        SweepResult Run<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Naive ? RunEach(model, values, progress) : new SweepRunner<T>(model, this, progress).Run(values, progress, kept);
    }

    private SweepResult RunEach(LanguageModel model, double[][] values, Progress progress)
    {
        double[] baseline = Measure([]);
        try
        {
            for (int i = 0; i < values.Length; i++)
            {
                progress.Step("patching", values.Count(value => value.Length > 0), values.Length);
                values[i] = values[i].Length > 0 ? values[i] : Measure([.. Variants[i].Interventions]);
            }
        }
        catch (OperationCanceledException error)
        {
            throw new SweepCancelledException(Result(), error.CancellationToken);
        }

        progress.Step("patching", values.Length, values.Length);
        return Result();

        SweepResult Result() => new() { Baseline = baseline, Values = values };

        double[] Measure(IReadOnlyList<PlanItem> plan) =>
            MetricReader.Read(Metric, model.Run(Prompts, [.. Base, .. plan], Metric.Scope, progress.Cancellation).Logits);
    }
}
