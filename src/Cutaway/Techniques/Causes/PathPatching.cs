using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;

namespace Cutaway.Techniques.Causes;

/// <summary>What is measured apart.</summary>
public enum PathSplit
{
    /// <summary>Each sender by itself, to all receivers at once.</summary>
    Sender,

    /// <summary>All senders at once, to each receiver by itself.</summary>
    Receiver,

    /// <summary>Each sender to each receiver.</summary>
    Pair,

    /// <summary>All senders at once, to all receivers at once.</summary>
    None,
}

/// <summary>
/// Path patching (Wang et al. 2022, §3.1; Goldowsky-Dill et al. 2023): senders take what they were on the corrupted prompt, all
/// other heads stay as they were on the clean one, and only receivers read the result: what matters is what is sent over the
/// paths between the two. Whether paths may pass through MLPs changes conclusions, so the finding names it.
/// </summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The prompt without the information in question, of as many tokens.</param>
/// <param name="Answer">The clean prompt's continuation.</param>
/// <param name="Versus">The token it is compared with.</param>
/// <param name="Pairs">A file or a generator of prompt pairs, instead of the four.</param>
/// <param name="Count">Pairs taken of it.</param>
/// <param name="Seed">Draws generated pairs.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Senders">The parts that send.</param>
/// <param name="Receivers">The inputs that receive.</param>
/// <param name="Each">What is measured apart.</param>
/// <param name="Path">What a path may pass through.</param>
/// <param name="Direction">Which prompt is run; senders take what they were on the other.</param>
/// <param name="Positions">Where receivers read what is sent; null for everywhere.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Top">Paths listed.</param>
[Technique("path-patching", Section.Causes, "Corrupt what one part sends to another and measure what that does to the answer",
    Topic = "path-patching",
    Examples = "path-patching\npath-patching --receivers 2.0.q --each sender\npath-patching --senders heads --receivers all --each pair --path linear")]
public sealed record PathPatching(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help(PairHelp.Corrupt)] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help(PairHelp.Metric)] MetricChoice Metric = MetricChoice.LogitDifference,
    [property: Help("What sends: heads, mlps, input, all, 9.6, mlp3 (default: heads)")] IReadOnlyList<string>? Senders = null,
    [property: Help("What receives: logits, heads, q, k, v, mlps, all, 9.6.q, mlp3 (default: logits)")] IReadOnlyList<string>? Receivers = null,
    [property: Help("What is measured apart")] PathSplit Each = PathSplit.Sender,
    [property: Help("What a path may pass through; linear also holds the norms' scales")] PathKind Path = PathKind.ThroughMlps,
    [property: Help("Which prompt is run; senders take what they were on the other")] PatchDirection Direction = PatchDirection.Noising,
    [property: Help("Positions at which heads and MLPs receive; negative ones count from the end (default: all)")] IReadOnlyList<int>? Positions = null,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("Paths listed"), Range(1, 200)] int Top = 10) : ITechnique<PathPatchingFinding>
{
    /// <inheritdoc/>
    public PathPatchingFinding Run(LanguageModel model, Progress progress = default)
    {
        PairBatch pairs = new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model);
        return Run(model, pairs, Metric.For(model, pairs, progress.Cancellation), progress);
    }

    /// <summary>Runs it on prompt pairs and a metric of one's own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The prompts.</param>
    /// <param name="metric">What is measured, made for these pairs.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    public PathPatchingFinding Run(LanguageModel model, PairBatch pairs, Metric metric, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        IReadOnlyList<EdgeSource> senders = PathEnds.Senders(config, Senders ?? ["heads"]);
        IReadOnlyList<EdgeDestination> receivers = PathEnds.Receivers(config, Receivers ?? ["logits"]);
        EdgeSource[][] rows = Each is PathSplit.Sender or PathSplit.Pair ? [.. senders.Select(sender => new[] { sender })] : [[.. senders]];
        EdgeDestination[][] columns = Each is PathSplit.Receiver or PathSplit.Pair ? [.. receivers.Select(receiver => new[] { receiver })] : [[.. receivers]];
        if (columns[0].Length > 1 && columns[0].Any(receiver => receiver.Node == EdgeNode.Logits))
        {
            throw CutawayException.Usage("the logits and parts before them receive in different runs; choose --each receiver or --each pair, or leave one of them out");
        }

        if (Positions is not null && receivers.All(receiver => receiver.Node == EdgeNode.Logits))
        {
            throw CutawayException.Usage("--positions says where heads and MLPs receive, and the logits receive at the last position; choose other --receivers, or leave --positions out");
        }

        bool denoise = Direction == PatchDirection.Denoising;
        (TokenBatch prompts, TokenBatch others) = Direction.Prompts(pairs);
        PathRuns runs = new(model, prompts, others, metric, Path, progress.Cancellation);
        Normalization normalization = denoise ? new(runs.Sent, runs.Held) : new(runs.Held, runs.Sent);
        _ = normalization.Mean(runs.Held);
        double[][][] values = new double[rows.Length][][];
        for (int row = 0; row < rows.Length;)
        {
            // The inputs that receivers are to read are kept for one layer of senders at a time.
            int end = row;
            List<(int Row, int Column)> cells = [];
            List<Variant> variants = [];
            for (; end < rows.Length && rows[end][0].Layer == rows[row][0].Layer; end++)
            {
                values[end] = new double[columns.Length][];
                for (int column = 0; column < columns.Length; column++)
                {
                    progress.Step("sending", (end * columns.Length) + column, rows.Length * columns.Length);
                    if (Prepare(runs, config, rows[end], columns[column], progress.Cancellation) is { } variant)
                    {
                        cells.Add((end, column));
                        variants.Add(variant);
                    }
                }
            }

            SweepResult result = new Sweep(prompts, metric, variants) { MemoryBudget = (Memory ?? MemorySize.Default).Bytes }.Run(model, progress with { Report = null });
            for (int i = 0; i < cells.Count; i++)
            {
                values[cells[i].Row][cells[i].Column] = [.. result.Values[i].Zip(runs.Held, (value, before) => value - before)];
            }

            row = end;
        }

        progress.Step("sending", 1, 1);
        return new PathPatchingFinding
        {
            Pairs = pairs.Pairs.Count,
            Metric = PromptTokens.Metric(metric, pairs),
            Path = Path,
            Direction = Direction,
            Clean = normalization.Clean.Average(),
            Corrupt = normalization.Corrupt.Average(),
            Rows = rows,
            Columns = columns,
            Changes = [.. values.Select(row => row.Select(cell => cell?.Average() ?? double.NaN).ToArray())],
            Errors = [.. values.Select(row => row.Select(StandardError).ToArray())],
            Top = Top,
            AttentionOnly = config.AttentionOnly,
            Group = config.Heads / config.KeyValueHeads,
        };
    }

    private Variant? Prepare(PathRuns runs, NetworkConfig config, EdgeSource[] senders, EdgeDestination[] receivers, CancellationToken cancellation)
    {
        EdgeDestination[] reached = [.. receivers.Where(receiver => senders.Any(sender => PathEnds.Reaches(config, sender, receiver)))];
        return reached.Length == 0 ? null : new Variant(
            $"{string.Join(" ", senders.Select(sender => sender.Name))} to {string.Join(" ", reached.Select(receiver => receiver.Name))}",
            reached[0].Node == EdgeNode.Logits ? runs.ToLogits(senders) : runs.ToReceivers(senders, reached, Positions, cancellation));
    }

    private static double StandardError(double[]? changes)
    {
        if (changes is null || changes.Length < 2)
        {
            return double.NaN;
        }

        double mean = changes.Average();
        return Math.Sqrt(changes.Sum(change => (change - mean) * (change - mean)) / (changes.Length - 1) / changes.Length);
    }
}
