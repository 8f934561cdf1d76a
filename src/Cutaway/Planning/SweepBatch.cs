using Cutaway.Models.Network;

namespace Cutaway.Planning;

/// <summary>One step of a batch: rows that go through a block, or a part of one, together.</summary>
/// <param name="Layer">The block.</param>
/// <param name="Part">Which part.</param>
/// <param name="Active">Which of the batch's variants, in the order of their rows.</param>
/// <param name="Classes">Their rows.</param>
/// <param name="LastOnly">Whether only the last position of each sequence is run.</param>
internal sealed record BatchStep(int Layer, BlockPart Part, IReadOnlyList<int> Active, IReadOnlyList<RowClass> Classes, bool LastOnly);

/// <summary>
/// Variants that are run together. They join as the batch comes to where they leave the base run, and all go on to the end, so
/// that each block's weights are read once for all of them.
/// </summary>
internal sealed class SweepBatch
{
    private readonly NetworkConfig config;
    private readonly int prompts;
    private readonly int length;
    private readonly bool lastOnly;
    private readonly HashSet<(HookKind, int)> wanted;

    /// <summary>Puts variants together.</summary>
    /// <param name="config">The network.</param>
    /// <param name="variants">The variants.</param>
    /// <param name="prompts">Prompts of each.</param>
    /// <param name="length">Positions of a prompt.</param>
    /// <param name="lastOnly">Whether nothing but the last column's logits are read.</param>
    public SweepBatch(NetworkConfig config, IEnumerable<PlannedVariant> variants, int prompts, int length, bool lastOnly)
    {
        this.config = config;
        this.prompts = prompts;
        this.length = length;
        this.lastOnly = lastOnly;

        // Rows of one length lie together, and within them those that join later lie later.
        Variants = [.. variants.OrderBy(variant => variant.First).ThenBy(variant => variant.Step).ThenBy(variant => variant.Index)];
        Offsets = new int[Variants.Count + 1];
        for (int i = 0; i < Variants.Count; i++)
        {
            Offsets[i + 1] = Offsets[i] + (prompts * (length - Variants[i].First));
        }

        wanted = [.. Variants.SelectMany(variant => variant.Remaining).Select(entry => (entry.Point.Kind, entry.Point.Layer))];
    }

    /// <summary>The variants.</summary>
    public IReadOnlyList<PlannedVariant> Variants { get; }

    /// <summary>Where each variant's rows begin, and where the last one's end.</summary>
    public int[] Offsets { get; }

    /// <summary>Rows of all variants.</summary>
    public int Rows => Offsets[^1];

    private bool Sequential => config.Block == BlockKind.Sequential && !config.AttentionOnly;

    /// <summary>The steps, first to last.</summary>
    public IEnumerable<BatchStep> Steps()
    {
        int end = 2 * config.Layers;
        for (int step = Variants.Min(variant => variant.Step); step < end; step += Sequential ? 1 : 2)
        {
            int[] active = [.. Enumerable.Range(0, Variants.Count).Where(i => Variants[i].Step <= step)];
            BlockPart part = !Sequential ? BlockPart.Whole : step % 2 == 0 ? BlockPart.Attention : BlockPart.Mlp;
            bool last = lastOnly && part == BlockPart.Mlp && step == end - 1;
            yield return new BatchStep(step / 2, part, active, Classes(active, last), last);
        }
    }

    /// <summary>Multiply-adds of the whole batch.</summary>
    /// <param name="tokens">Tokens whose logits are computed.</param>
    /// <param name="every">Whether the logits of every row are, rather than the last ones.</param>
    public long MultiplyAdds(int tokens, bool every)
    {
        long sum = ForwardCost.Unembedding(config, every ? Rows : (long)prompts * Variants.Count, tokens);
        foreach (PlannedVariant variant in Variants.Where(variant => variant.Entry?.Kind == HookKind.Z))
        {
            sum += (long)prompts * (length - variant.First) * HeadsOf(variant, config).Count * config.DValue * config.DModel;
        }

        foreach (BatchStep step in Steps())
        {
            long rows = step.Classes.Sum(part => (long)part.Rows);
            if (step.Part != BlockPart.Mlp)
            {
                bool hooked = wanted.Contains((HookKind.AttentionScores, step.Layer)) || wanted.Contains((HookKind.Pattern, step.Layer));
                sum += ForwardCost.AttentionProjections(config, rows)
                    + step.Classes.Sum(part => ForwardCost.Attention(config, step.Layer, part.Sequences, part.Past, part.Length, hooked));
            }

            if (step.Part != BlockPart.Attention)
            {
                sum += ForwardCost.Cross(config, rows) + ForwardCost.Mlp(config, step.Layer, rows);
            }
        }

        return sum;
    }

    /// <summary>At most how many bytes the batch takes while it runs.</summary>
    /// <param name="config">The network.</param>
    /// <param name="variants">How many variants.</param>
    /// <param name="rows">Rows of all of them.</param>
    /// <param name="prompts">Prompts of each.</param>
    /// <param name="length">Positions of a prompt.</param>
    /// <param name="tokens">Tokens whose logits are computed.</param>
    /// <param name="hooked">Whether variants change anything while they run.</param>
    /// <param name="size">Bytes of a number.</param>
    public static long Bytes(NetworkConfig config, int variants, long rows, int prompts, int length, int tokens, bool hooked, int size)
    {
        long sequences = (long)variants * prompts;
        long d = config.DModel;
        long queries = (long)config.Heads * config.DHead;
        long keys = (long)config.KeyValueHeads * config.DHead;
        long latents = config.Latent is { } latent ? latent.QueryWidth + latent.Width + latent.Rotated + keys : 0;

        // Kept streams, streams at work, what is read and written, a parallel block's part, positions.
        long perRow = (6 * d) + (2 * queries) + (2 * keys) + latents + MlpRow(config);
        if (hooked)
        {
            // Norms step by step, inputs and results of every head, scores.
            perRow += Math.Max(d, queries) + (2L * config.Heads) + (2 * config.Heads * d) + d + ((long)config.Heads * length);
        }

        return size * ((rows * perRow) + (sequences * length * keys * 2) + (config.MemoryLength * (d + (((2L * config.Layers) + 1) * keys))) + (d * queries) + (SweepRunner.LogitRows(prompts, length) * ((2 * d) + tokens)));
    }

    // Numbers that MLPs take for a position: all of them may choose the same expert.
    private static long MlpRow(NetworkConfig config) => config.LayerConfigs.Max(layer =>
    {
        long neurons = layer.Experts is { } mixture ? Math.Max(mixture.Width, mixture.SharedWidth) : config.DMlp;
        long routing = layer.Experts is { } experts ? experts.Count + (2L * experts.Chosen) + (2L * config.DModel) + 1 : 0;
        return (neurons * (config.GatedMlp ? 2 : 1)) + routing;
    });

    /// <summary>The heads whose mixed values a variant starts by changing.</summary>
    public static IReadOnlyList<int> HeadsOf(PlannedVariant variant, NetworkConfig config) =>
        variant.Entering.Any(entry => entry.Heads is null)
            ? [.. Enumerable.Range(0, config.Heads)]
            : [.. variant.Entering.SelectMany(entry => entry.Heads!).Distinct().Order()];

    private List<RowClass> Classes(int[] active, bool last)
    {
        List<RowClass> classes = [];
        int row = 0;
        foreach (IGrouping<int, int> group in active.GroupBy(i => last ? length - 1 : Variants[i].First))
        {
            classes.Add(new RowClass(row, prompts * group.Count(), group.Key, length - group.Key));
            row += classes[^1].Rows;
        }

        return classes;
    }
}
