using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Techniques.Causes;

/// <summary>What an ablated head becomes.</summary>
public enum RepairAblation
{
    /// <summary>What it was on the corrupted prompt.</summary>
    Corrupt,

    /// <summary>What it was on the pair before, the last one for the first.</summary>
    Roll,

    /// <summary>Its mean over all pairs and positions.</summary>
    Mean,

    /// <summary>Zero, which is further from what later parts know, and so exaggerates what they do.</summary>
    Zero,
}

/// <summary>What the answer's logit is compared with.</summary>
public enum LogitReference
{
    /// <summary>The mean of all logits.</summary>
    Mean,

    /// <summary>The other token's logit.</summary>
    Versus,
}

/// <summary>
/// Self-repair (McGrath et al. 2023, "The Hydra Effect"; Rushing and Nanda 2024): each head is ablated, and the answer loses less
/// than what the head wrote to it directly, as later heads, MLPs and the final norm make up for it. Direct effects hold the
/// final norm's scale of the clean run; what its new scale does to everything is the norm's share.
/// </summary>
/// <param name="Clean">The prompt.</param>
/// <param name="Corrupt">The prompt that ablated heads come from.</param>
/// <param name="Answer">The token whose logit is measured.</param>
/// <param name="Versus">The token it may be compared with.</param>
/// <param name="Pairs">A file or a generator of prompt pairs, instead of the four.</param>
/// <param name="Count">Pairs taken of it.</param>
/// <param name="Seed">Draws generated pairs.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
/// <param name="Ablation">What an ablated head becomes.</param>
/// <param name="Against">What the answer's logit is compared with.</param>
/// <param name="Top">Heads listed.</param>
[Technique("self-repair", Section.Causes, "Ablate each head and split what later parts do to make up for it",
    Topic = "self-repair",
    Examples = "self-repair\nself-repair --pairs ioi --count 16 --ablation roll --model path/to/model.gguf\nself-repair --against versus --ablation zero")]
public sealed record SelfRepair(
    [property: Help(PairHelp.Clean)] Prompt? Clean = null,
    [property: Help("Prompt that ablated heads come from, of as many tokens")] Prompt? Corrupt = null,
    [property: Help(PairHelp.Answer)] string? Answer = null,
    [property: Help(PairHelp.Versus)] string? Versus = null,
    [property: Help(PairHelp.Pairs)] string? Pairs = null,
    [property: Help(PairHelp.Count), Range(1, 100_000)] int Count = PairChoice.DefaultCount,
    [property: Help(PairHelp.Seed)] int Seed = 0,
    [property: Help(PairHelp.AnswerTokens)] AnswerTokens AnswerTokens = AnswerTokens.Single,
    [property: Help("What an ablated head becomes")] RepairAblation Ablation = RepairAblation.Corrupt,
    [property: Help("What the answer's logit is compared with")] LogitReference Against = LogitReference.Mean,
    [property: Help("Heads listed"), Range(1, 200)] int Top = 10) : ITechnique<SelfRepairFinding>
{
    /// <inheritdoc/>
    public SelfRepairFinding Run(LanguageModel model, Progress progress = default) =>
        Run(model, new PairChoice(Clean, Corrupt, Answer, Versus, Pairs, Count, Seed, AnswerTokens).Encode(model), progress);

    /// <summary>Runs it on prompt pairs of one's own.</summary>
    public SelfRepairFinding Run(LanguageModel model, PairBatch pairs, Progress progress = default)
    {
        if (pairs.AnswerTokens == AnswerTokens.Sum)
        {
            throw CutawayException.Usage("self-repair splits the logit of one token; give answers of one, or measure the first (--answer-tokens first)");
        }

        NetworkConfig config = model.Config;
        Site[] written = [Site.AllZ, .. config.AttentionOnly ? [] : new Site[] { "blocks.*.hook_mlp_out" }];
        Run clean = model.Run(pairs.Clean, Capture.All([.. written, .. DirectPath.Needs(model), "unembed.hook_in"]), LogitScope.None, progress.Cancellation);
        Run? other = Ablation == RepairAblation.Corrupt ? model.Run(pairs.Corrupt, Capture.All(Site.AllZ), LogitScope.None, progress.Cancellation) : null;
        Effects[] effects = [.. Enumerable.Range(0, pairs.Clean.Batch).Select(item => new Effects(clean, pairs, item, Against))];
        List<HeadRepair> heads = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            Intervention[] ablations = Ablations(pairs, clean, other, layer);
            PlanItem[] read = Capture.All([.. Enumerable.Range(layer, config.Layers - layer).SelectMany(l => Written(config, l)), new Site("unembed.hook_in").At(-1)]);
            for (int head = 0; head < config.Heads; head++)
            {
                progress.Step("ablating heads", (layer * config.Heads) + head, config.Layers * config.Heads);
                Run ablated = model.Run(pairs.Clean, [ablations[head], .. read], LogitScope.None, progress.Cancellation);
                HeadRepair[] items = [.. effects.Select(effect => effect.Of(ablated, layer, head))];
                heads.Add(new HeadRepair(layer, head)
                {
                    Wrote = items.Average(item => item.Wrote),
                    Total = items.Average(item => item.Total),
                    Direct = items.Average(item => item.Direct),
                    LaterHeads = items.Average(item => item.LaterHeads),
                    Mlps = items.Average(item => item.Mlps),
                    Norms = items.Average(item => item.Norms),
                });
            }
        }

        progress.Step("ablating heads", 1, 1);
        return new SelfRepairFinding
        {
            Pairs = pairs.Pairs.Count,
            Ablation = Ablation,
            Metric = (pairs.Pairs.Count, Against) switch
            {
                (1, LogitReference.Mean) => $"logit of '{pairs.Pairs[0].Answer}' above the mean",
                (1, _) => PromptTokens.Metric(pairs.Pairs[0].Answer, pairs.Pairs[0].Versus),
                (_, LogitReference.Mean) => "logit of the answer above the mean",
                _ => "logit difference",
            },
            Clean = effects.Average(effect => effect.Clean),
            Heads = heads,
            Top = Top,
        };
    }

    private Intervention[] Ablations(PairBatch pairs, Run clean, Run? other, int layer)
    {
        Site site = Site.Z(layer);
        Intervention all = Ablation switch
        {
            RepairAblation.Corrupt => Replace.With(site, other!),
            RepairAblation.Roll => Replace.With(site, Rolled(pairs, clean[site])),
            RepairAblation.Mean => Ablate.Mean(site, clean),
            _ => Ablate.Zero(site),
        };
        return [.. Enumerable.Range(0, clean.Model.Config.Heads).Select(head => all with { Site = Site.Z(layer, head) })];
    }

    private static Tensor Rolled(PairBatch pairs, Tensor z)
    {
        if (pairs.Pairs.Count < 2)
        {
            throw CutawayException.Usage("--ablation roll takes a head from another pair, and there is one pair only; give several with --pairs, or choose --ablation corrupt");
        }

        if (pairs.Clean.Mask.Length > 0)
        {
            throw CutawayException.Input("--ablation roll takes a head from the same position of another pair, and these pairs differ in length; choose --ablation corrupt");
        }

        double[] values = z.ToDoubles();
        int one = values.Length / z.Shape[0];
        return Tensor.Of([.. values[^one..], .. values[..^one]], [.. z.Shape], z.Axes);
    }

    private static IEnumerable<Site> Written(NetworkConfig config, int layer) =>
        new[] { Site.Z(layer).At(-1) }.Concat(config.AttentionOnly ? [] : [Site.MlpOut(layer).At(-1)]);

    /// <summary>The effects on one pair.</summary>
    private sealed class Effects
    {
        private readonly Run clean;
        private readonly DirectPath path;
        private readonly double[][] readers;
        private readonly int item;
        private readonly int last;

        public Effects(Run clean, PairBatch pairs, int item, LogitReference against)
        {
            this.clean = clean;
            this.item = item;
            last = pairs.Clean.LastPosition(item);
            path = against == LogitReference.Mean
                ? DirectPath.ToCentred(clean, last, pairs.Answers[item], item)
                : DirectPath.To(clean, last, pairs.Answers[item], pairs.Versus[item], item);
            readers = [.. Enumerable.Range(0, clean.Model.Config.Layers).Select(path.Heads)];
            Clean = Logit(clean, last);
        }

        public double Clean { get; }

        public HeadRepair Of(Run ablated, int layer, int head)
        {
            NetworkConfig config = clean.Model.Config;
            int width = config.DValue;
            double total = Logit(ablated, 0) - Clean;
            double[] own = Change(ablated, Site.Z(layer));
            double direct = TensorPrimitives.Dot(own.AsSpan(head * width, width), readers[layer].AsSpan(head * width, width));
            double wrote = TensorPrimitives.Dot(Vector(clean, Site.Z(layer), last).AsSpan(head * width, width), readers[layer].AsSpan(head * width, width));
            double heads = Enumerable.Range(layer + 1, config.Layers - layer - 1).Sum(later => TensorPrimitives.Dot<double>(Change(ablated, Site.Z(later)), readers[later]));
            double mlps = config.AttentionOnly ? 0
                : Enumerable.Range(layer, config.Layers - layer).Sum(later => TensorPrimitives.Dot<double>(Change(ablated, Site.MlpOut(later)), [.. path.Residual]));
            return new HeadRepair(layer, head) { Wrote = wrote, Total = total, Direct = direct, LaterHeads = heads, Mlps = mlps, Norms = config.Norm == NormKind.None ? 0 : total - direct - heads - mlps };
        }

        private double Logit(Run run, int position) => TensorPrimitives.Dot<double>(Vector(run, "unembed.hook_in", position), [.. path.Output]);

        private double[] Change(Run ablated, Site site)
        {
            double[] change = Vector(ablated, site, 0);
            TensorPrimitives.Subtract<double>(change, Vector(clean, site, last), change);
            return change;
        }

        // A vector of the stream, or those of all heads one after another.
        private double[] Vector(Run run, Site site, int position) => run[site].Select("batch", item).Select("pos", position).ToDoubles();
    }
}
