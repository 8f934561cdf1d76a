using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

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
    private readonly VariantPlanner<T> planner;
    private readonly LinearWeights unembedding;
    private readonly PlannedVariant[] variants;
    private readonly List<SweepBatch> batches = [];
    private readonly T[] baseLogits;
    private T[] streams = [];

    /// <summary>Runs the base run and plans every variant.</summary>
    public SweepRunner(LanguageModel model, Sweep sweep, Progress progress)
    {
        this.sweep = sweep;
        network = model.Network;
        config = network.Config;
        pass = new ForwardPass<T>(network);
        unembedding = sweep.Metric.Columns is { } columns ? network.UnembeddingOf(columns) : network.Weights.Unembedding;
        if (sweep.Base.SelectMany(change => change.Site.Resolve(network.Hooks)).FirstOrDefault(point => point.Kind is not (HookKind.Embed or HookKind.PositionEmbed)) is { } late)
        {
            // Variants resume after the embeddings, so what every run changes must lie there.
            throw CutawayException.Usage($"a sweep's base run can be changed at hook_embed and hook_pos_embed only, not at '{late.Name}'; put the change into every variant");
        }

        CompiledPlan.Entry[][] entries = [.. sweep.Variants.Select(Compile)];
        HookPoint[] touched = [.. entries.SelectMany(all => all).Select(entry => entry.Point).Where(point => point.Layer >= 0 || point.Kind is HookKind.Embed or HookKind.PositionEmbed).DistinctBy(point => point.Index)];
        progress.Cancellation.ThrowIfCancellationRequested();
        run = BaseRun<T>.Of(pass, sweep.Prompts, sweep.Base, touched, progress.Cancellation);
        planner = new VariantPlanner<T>(network, run, sweep.Metric.Scope);
        variants = [.. entries.Select((all, i) => planner.Plan(i, all))];
        baseLogits = Logits(run.Streams(network.Hooks, 2 * config.Layers), [0]);
        Compose();
        Plan = Describe(touched, entries);
    }

    /// <summary>How the sweep will be run.</summary>
    public SweepPlan Plan { get; }

    private TokenBatch Prompts => sweep.Prompts;

    private bool Every => sweep.Metric.Scope == LogitScope.All;

    private int Tokens => unembedding.Weight.Rows;

    // Only where all prompts end in the same column can one position stand for all.
    private bool LastOnly => !Every && Enumerable.Range(0, Prompts.Batch).All(b => Prompts.LastPosition(b) == Prompts.Length - 1);

    /// <summary>Runs what is not done yet.</summary>
    /// <param name="values">[variant][item]; what is done is left, what is not is filled in.</param>
    /// <param name="progress">Reports and cancels.</param>
    /// <param name="kept">Called after each batch.</param>
    public SweepResult Run(double[][] values, Progress progress, Action<SweepResult>? kept)
    {
        double[] baseline = Values(baseLogits, [], 0);
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
                    $"'{sweep.Variants[variant.Index].Name}' alone takes {alone / 1e6:0.#} MB, and {sweep.MemoryBudget / 1e6:0.#} MB are allowed; allow more memory or use fewer prompts"));
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
            batches.Add(new SweepBatch(config, open, Prompts.Batch, Prompts.Length, LastOnly));
            open.Clear();
            rows = 0;
        }

        long Bytes(int count, long rows, bool hooked) => SweepBatch.Bytes(config, count, rows, Prompts.Batch, Prompts.Length, Tokens, hooked, size);
    }

    private SweepPlan Describe(HookPoint[] touched, CompiledPlan.Entry[][] entries)
    {
        (int batch, int length) = (Prompts.Batch, Prompts.Length);
        long logitRows = Every ? (long)batch * length : batch;
        long sum = Whole(touched, 0) + ForwardCost.Unembedding(config, logitRows, Tokens) + batches.Sum(part => part.MultiplyAdds(Tokens, Every));
        foreach (PlannedVariant variant in variants.Where(variant => variant.Start == VariantStart.Full))
        {
            HookPoint[] points = [.. entries[variant.Index].Select(entry => entry.Point)];
            sum += Whole(points, points.Any(point => point.Kind == HookKind.UnembedOut) ? (long)batch * length : logitRows);
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
                config, part.Variants.Count, part.Rows, batch, length, Tokens, part.Variants[0].Hooked, System.Runtime.CompilerServices.Unsafe.SizeOf<T>())),
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
                    Start(batch.Variants[i], streams.AsSpan(batch.Offsets[i] * d, (batch.Offsets[i + 1] - batch.Offsets[i]) * d));
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

    /// <summary>The residual streams that a variant starts with, [prompt, position from its first, d_model].</summary>
    private void Start(PlannedVariant variant, Span<T> target)
    {
        int d = config.DModel;
        int length = Prompts.Length - variant.First;
        Gather(run.Streams(network.Hooks, variant.Step), d, target);
        if (variant.Entry is not { } point)
        {
            return;
        }

        ReadOnlySpan<T> before = run.At(point);
        ReadOnlySpan<T> after = planner.Change(variant.Entering);
        if (point.Kind is HookKind.ResidPre or HookKind.ResidMid or HookKind.ResidPost)
        {
            Gather(after, d, target);
        }
        else if (point.Kind == HookKind.Z)
        {
            T[] change = new T[Prompts.Batch * length * config.DHead];
            foreach (int head in SweepBatch.HeadsOf(variant, config))
            {
                for (int row = 0; row < Prompts.Batch * length; row++)
                {
                    int at = ((Source(row, length, variant.First) * config.Heads) + head) * config.DHead;
                    TensorPrimitives.Subtract(after.Slice(at, config.DHead), before.Slice(at, config.DHead), change.AsSpan(row * config.DHead, config.DHead));
                }

                pass.AddHead(point.Layer, head, change, target);
            }
        }
        else
        {
            int parts = point.Kind == HookKind.Result ? config.Heads : 1;
            T[] change = new T[d];
            for (int row = 0; row < Prompts.Batch * length; row++)
            {
                for (int part = 0; part < parts; part++)
                {
                    int at = ((Source(row, length, variant.First) * parts) + part) * d;
                    TensorPrimitives.Subtract(after.Slice(at, d), before.Slice(at, d), change);
                    TensorPrimitives.Add(target.Slice(row * d, d), change, target.Slice(row * d, d));
                }
            }
        }

        void Gather(ReadOnlySpan<T> source, int width, Span<T> rows)
        {
            for (int row = 0; row < rows.Length / width; row++)
            {
                source.Slice(Source(row, length, variant.First) * width, width).CopyTo(rows[(row * width)..]);
            }
        }
    }

    // The row of the base run that a variant's row stands for.
    private int Source(int row, int length, int first) => (row / length * Prompts.Length) + first + (row % length);

    private void Measure(SweepBatch batch, double[][] values)
    {
        int d = config.DModel;
        int together = Every ? 1 : Math.Max(1, (int)SweepRunner.LogitRows(Prompts.Batch, 1) / Prompts.Batch);
        for (int start = 0; start < batch.Variants.Count; start += together)
        {
            PlannedVariant[] part = [.. batch.Variants.Skip(start).Take(together)];
            ReadOnlySpan<T> rows = streams.AsSpan(batch.Offsets[start] * d, (batch.Offsets[start + part.Length] - batch.Offsets[start]) * d);
            T[] logits = Logits(rows, [.. part.Select(variant => variant.First)]);
            int size = logits.Length / part.Length;
            for (int i = 0; i < part.Length; i++)
            {
                values[part[i].Index] = Values(logits.AsSpan(i * size, size), baseLogits, part[i].First);
            }
        }
    }

    /// <summary>The logits that the metric reads, [variant, prompt, token], or [prompt, position, token] of one variant.</summary>
    /// <param name="rows">Streams of all prompts of some variants, each from its first position on.</param>
    /// <param name="firsts">Those positions.</param>
    private T[] Logits(ReadOnlySpan<T> rows, int[] firsts)
    {
        int d = config.DModel;
        if (!Every)
        {
            T[] last = new T[firsts.Length * Prompts.Batch * d];
            int start = 0;
            for (int i = 0; i < firsts.Length; i++)
            {
                int length = Prompts.Length - firsts[i];
                for (int b = 0; b < Prompts.Batch; b++)
                {
                    rows.Slice((start + (b * length) + Prompts.LastPosition(b) - firsts[i]) * d, d).CopyTo(last.AsSpan(((i * Prompts.Batch) + b) * d));
                }

                start += Prompts.Batch * length;
            }

            rows = last;
        }

        T[] logits = new T[rows.Length / d * Tokens];
        pass.Project(rows, rows.Length / d, unembedding, logits);
        return logits;
    }

    /// <summary>The metric of each prompt.</summary>
    /// <param name="logits">[prompt, position from the first, token] or [prompt, token].</param>
    /// <param name="earlier">Logits of the base run, for positions before the first.</param>
    /// <param name="first">The first position.</param>
    private double[] Values(ReadOnlySpan<T> logits, ReadOnlySpan<T> earlier, int first)
    {
        int own = (Every ? Prompts.Length - first : 1) * Tokens;
        int before = (Every ? first : 0) * Tokens;
        double[] read = new double[before + own];
        double[] values = new double[Prompts.Batch];
        for (int b = 0; b < values.Length; b++)
        {
            TensorPrimitives.ConvertTruncating(earlier.IsEmpty ? [] : earlier.Slice(b * (before + own), before), read);
            TensorPrimitives.ConvertTruncating(logits.Slice(b * own, own), read.AsSpan(before));
            values[b] = sweep.Metric.Value(b, read);
        }

        return values;
    }

    private double[] RunInFull(PlannedVariant variant, CancellationToken cancellation)
    {
        CompiledPlan plan = CompiledPlan.Compile(network.Hooks, [.. sweep.Base, .. sweep.Variants[variant.Index].Interventions], Prompts);
        PlanListener<T> listener = new(plan);
        pass.Run(new ForwardRequest(Prompts.Ids, Prompts.Batch, Prompts.Length) { AttentionMask = Prompts.Mask, Logits = sweep.Metric.Scope }, listener, cancellation);
        listener.CheckFired(Prompts.Length);
        int[] shape = Every ? [Prompts.Batch, Prompts.Length, config.Vocabulary] : [Prompts.Batch, config.Vocabulary];
        return MetricReader.Read(sweep.Metric, Tensor.CopyOf(pass.Logits, shape));
    }
}
