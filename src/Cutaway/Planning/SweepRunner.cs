using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;

namespace Cutaway.Planning;

/// <summary>What all precisions share.</summary>
internal static class SweepRunner
{
    /// <summary>Rows of a batch: enough for the products to run at full speed, few enough that a cancelled sweep loses little.</summary>
    public const int RowsPerBatch = 4096;

    // Logits of a whole vocabulary are large, so they are computed some rows at a time.
    private const int LeastLogitRows = 256;

    /// <summary>How many rows' logits are computed at once: of whole variants.</summary>
    public static long LogitRows(int prompts, int length) => Math.Max(LeastLogitRows, (long)prompts * length);
}

/// <summary>Plans and runs a sweep in one precision.</summary>
internal sealed class SweepRunner<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Sweep sweep;
    private readonly TransformerNetwork network;
    private readonly NetworkConfig config;
    private readonly ForwardPass<T> pass;
    private readonly BaseRun<T> run;
    private readonly VariantStreams<T> starts;
    private readonly SweepMeter<T> meter;
    private readonly PlannedVariant[] variants;
    private readonly List<SweepBatch> batches = [];
    private readonly double[] baseline;
    private T[] streams = [];

    /// <summary>Runs the base run and plans every variant.</summary>
    public SweepRunner(LanguageModel model, Sweep sweep, Progress progress)
    {
        this.sweep = sweep;
        network = model.Network;
        config = network.Config;
        pass = new ForwardPass<T>(network);
        meter = new SweepMeter<T>(pass, sweep.Prompts, sweep.Metric);
        if (sweep.Base.SelectMany(change => change.Site.Resolve(network.Hooks)).FirstOrDefault(point => point.Kind is not (HookKind.Embed or HookKind.PositionEmbed)) is { } late)
        {
            // Variants resume after the embeddings, so what every run changes must lie there.
            throw CutawayException.Usage($"a sweep's base run can be changed at hook_embed and hook_pos_embed only, not at '{late.Name}'; put the change into every variant");
        }

        CompiledPlan.Entry[][] entries = [.. sweep.Variants.Select(Compile)];
        HookPoint[] touched = [.. entries.SelectMany(all => all).Select(entry => entry.Point).Where(point => point.Layer >= 0 || point.Kind is HookKind.Embed or HookKind.PositionEmbed).DistinctBy(point => point.Index)];
        progress.Cancellation.ThrowIfCancellationRequested();
        run = BaseRun<T>.Of(pass, sweep.Prompts, sweep.Base, touched, progress.Cancellation);
        VariantPlanner<T> planner = new(network, run, sweep.Metric.Scope);
        starts = new VariantStreams<T>(pass, run, planner);
        variants = [.. entries.Select((all, i) => planner.Plan(i, all))];
        baseline = meter.Baseline(run.Streams(network.Hooks, 2 * config.Layers));
        Compose();
        Plan = Describe(touched, entries);
    }

    /// <summary>How the sweep will be run.</summary>
    public SweepPlan Plan { get; }

    private TokenBatch Prompts => sweep.Prompts;

    /// <summary>Runs what is not done yet.</summary>
    /// <param name="values">[variant][item]; what is done is left, what is not is filled in.</param>
    /// <param name="progress">Reports and cancels.</param>
    /// <param name="kept">Called after each batch.</param>
    public SweepResult Run(double[][] values, Progress progress, Action<SweepResult>? kept)
    {
        try
        {
            foreach (PlannedVariant variant in variants.Where(variant => variant.Start == VariantStart.Baseline))
            {
                values[variant.Index] = baseline;
            }

            foreach (SweepBatch batch in batches.Where(batch => batch.Variants.Any(variant => values[variant.Index].Length == 0)))
            {
                Run(batch, values, progress);
                kept?.Invoke(Result());
            }

            foreach (PlannedVariant variant in variants.Where(variant => variant.Start == VariantStart.Full && values[variant.Index].Length == 0))
            {
                Report(values, progress);
                values[variant.Index] = RunInFull(variant, progress.Cancellation);
            }
        }
        catch (OperationCanceledException error)
        {
            throw new SweepCancelledException(Result(), error.CancellationToken);
        }

        Report(values, progress);
        return Result();

        SweepResult Result() => new() { Baseline = baseline, Values = values, MultiplyAdds = pass.MultiplyAdds, Bytes = pass.Bytes + (streams.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) };
    }

    private static void Report(double[][] values, Progress progress) => progress.Step("patching", values.Count(done => done.Length > 0), values.Length);

    private CompiledPlan.Entry[] Compile(Variant variant) => [.. CompiledPlan.Compile(network.Hooks, variant.Interventions, Prompts).Entries];

    private void Compose()
    {
        int size = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        List<PlannedVariant> open = [];
        int rows = 0;
        foreach (PlannedVariant variant in variants
            .Where(variant => variant.Start is VariantStart.Block or VariantStart.Mlp)
            .OrderBy(variant => variant.Hooked)
            .ThenBy(variant => variant.SplitsInputs)
            .ThenBy(variant => variant.Step)
            .ThenBy(variant => variant.First))
        {
            int own = Prompts.Batch * (Prompts.Length - variant.First);
            long alone = Bytes(1, own, variant.Hooked);
            if (alone > sweep.MemoryBudget)
            {
                throw CutawayException.Usage(FormattableString.Invariant(
                    $"'{sweep.Variants[variant.Index].Name}' alone takes {new MemorySize(alone)}, and {new MemorySize(sweep.MemoryBudget)} are allowed; allow more memory or use fewer prompts"));
            }

            if (open.Count > 0 && (open[0].Hooked != variant.Hooked || open[0].SplitsInputs != variant.SplitsInputs
                || rows + own > SweepRunner.RowsPerBatch || Bytes(open.Count + 1, rows + own, variant.Hooked) > sweep.MemoryBudget))
            {
                Close();
            }

            open.Add(variant);
            rows += own;
        }

        if (open.Count > 0)
        {
            Close();
        }

        void Close()
        {
            batches.Add(new SweepBatch(config, open, Prompts.Batch, Prompts.Length, meter.LastOnly));
            open.Clear();
            rows = 0;
        }

        long Bytes(int count, long rows, bool hooked) => SweepBatch.Bytes(config, count, rows, Prompts.Batch, Prompts.Length, meter.Tokens, hooked, size);
    }

    private SweepPlan Describe(HookPoint[] touched, CompiledPlan.Entry[][] entries)
    {
        (int batch, int length) = (Prompts.Batch, Prompts.Length);
        long logitRows = meter.Every ? (long)batch * length : batch;
        long sum = Whole(touched, 0) + ForwardCost.Unembedding(config, logitRows, meter.Tokens) + batches.Sum(part => part.MultiplyAdds(meter.Tokens, meter.Every));
        foreach (PlannedVariant variant in variants.Where(variant => variant.Start == VariantStart.Full))
        {
            HookPoint[] points = [.. entries[variant.Index].Select(entry => entry.Point)];
            long rows = points.Any(point => point.Kind == HookKind.UnembedOut) ? (long)batch * length : logitRows;
            sum += Whole(points, rows);
            if (config.HeadTransform && points.Any(point => point.Kind is HookKind.FinalNormScale or HookKind.FinalNormNormalized or HookKind.UnembedIn))
            {
                // A hook after the head's own map sees every position.
                sum += ForwardCost.Unembedding(config, ((long)batch * length) - rows, 0);
            }
        }

        return new SweepPlan
        {
            Variants = variants.Length,
            Unchanged = variants.Count(variant => variant.Start == VariantStart.Baseline),
            FullRuns = variants.Count(variant => variant.Start == VariantStart.Full),
            Groups =
            [
                .. batches.SelectMany(part => part.Variants).GroupBy(variant => (variant.Step, variant.First)).OrderBy(group => group.Key)
                    .Select(group => new SweepGroup(group.Key.Step / 2, group.Key.Step % 2 == 1, group.Key.First, group.Count(), (long)group.Count() * batch * (length - group.Key.First))),
            ],
            Batches = batches.Count,
            MultiplyAdds = sum,
            NaiveMultiplyAdds = (variants.Length + 1) * ForwardCost.Run(config, batch, length, logitRows),
            BaseBytes = run.Bytes,
            BatchBytes = batches.Count == 0 ? 0 : batches.Max(part => SweepBatch.Bytes(
                config, part.Variants.Count, part.Rows, batch, length, meter.Tokens, part.Variants[0].Hooked, System.Runtime.CompilerServices.Unsafe.SizeOf<T>())),
        };

        // Where scores or a pattern are shown, hidden keys are computed too.
        long Whole(HookPoint[] points, long logits) => ForwardCost.Run(config, batch, length, logits) + Enumerable.Range(0, config.Layers)
            .Where(layer => points.Any(point => point.Layer == layer && point.Kind is HookKind.AttentionScores or HookKind.Pattern))
            .Sum(layer => ForwardCost.Attention(config, layer, batch, 0, length, hooked: true) - ForwardCost.Attention(config, layer, batch, 0, length, hooked: false));
    }

    private void Run(SweepBatch batch, double[][] values, Progress progress)
    {
        int d = config.DModel;
        if (streams.Length < batch.Rows * d)
        {
            streams = new T[batch.Rows * d];
        }

        SweepListener<T>? listener = batch.Variants[0].Hooked ? new SweepListener<T>(batch, Prompts.Batch, Prompts.Length) : null;
        HashSet<int> entered = [];
        foreach (BatchStep step in batch.Steps())
        {
            Report(values, progress);
            Enter(step.Active);
            listener?.Place(step);
            Span<T> work = pass.Begin(new PackedRows(step.Classes, run.Cache) { Mask = Prompts.Mask }, listener);
            Exchange(batch, step, work, back: false);
            pass.Continue(step.Layer, step.Part);
            Exchange(batch, step, work, back: true);
        }

        pass.End();
        Enter([.. Enumerable.Range(0, batch.Variants.Count)]);
        Measure(batch, values);

        void Enter(IReadOnlyList<int> active)
        {
            foreach (int i in active)
            {
                if (entered.Add(i))
                {
                    starts.Fill(batch.Variants[i], streams.AsSpan(batch.Offsets[i] * d, (batch.Offsets[i + 1] - batch.Offsets[i]) * d));
                }
            }
        }
    }

    // Rows lie in the batch by variant, and in a step as those that are active.
    private void Exchange(SweepBatch batch, BatchStep step, Span<T> work, bool back)
    {
        int d = config.DModel;
        int next = 0;
        foreach (int i in step.Active)
        {
            int length = Prompts.Length - batch.Variants[i].First;
            for (int row = step.LastOnly ? length - 1 : 0; row < Prompts.Batch * length; row += step.LastOnly ? length : 1)
            {
                Span<T> kept = streams.AsSpan((batch.Offsets[i] + row) * d, d);
                Span<T> used = work.Slice(next * d, d);
                (back ? used : kept).CopyTo(back ? kept : used);
                next++;
            }
        }
    }

    private void Measure(SweepBatch batch, double[][] values)
    {
        int d = config.DModel;
        int together = meter.Every ? 1 : Math.Max(1, (int)SweepRunner.LogitRows(Prompts.Batch, 1) / Prompts.Batch);
        for (int start = 0; start < batch.Variants.Count; start += together)
        {
            PlannedVariant[] part = [.. batch.Variants.Skip(start).Take(together)];
            int end = batch.Offsets[start + part.Length];
            double[][] measured = meter.Measure(streams.AsSpan(batch.Offsets[start] * d, (end - batch.Offsets[start]) * d), [.. part.Select(variant => variant.First)]);
            for (int i = 0; i < part.Length; i++)
            {
                values[part[i].Index] = measured[i];
            }
        }
    }

    private double[] RunInFull(PlannedVariant variant, CancellationToken cancellation)
    {
        CompiledPlan plan = CompiledPlan.Compile(network.Hooks, [.. sweep.Base, .. sweep.Variants[variant.Index].Interventions], Prompts);
        PlanListener<T> listener = new(plan);
        pass.Run(new ForwardRequest(Prompts.Ids, Prompts.Batch, Prompts.Length) { AttentionMask = Prompts.Mask, Logits = sweep.Metric.Scope }, listener, cancellation);
        listener.CheckFired(Prompts.Length);
        int[] shape = meter.Every ? [Prompts.Batch, Prompts.Length, config.Vocabulary] : [Prompts.Batch, config.Vocabulary];
        return MetricReader.Read(sweep.Metric, Tensor.CopyOf(pass.Logits, shape));
    }
}
