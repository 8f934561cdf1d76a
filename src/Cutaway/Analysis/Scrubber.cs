using Cutaway.Data;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>
/// Runs a network as a hypothesis says that it may be run (Chan et al. 2022, "Causal Scrubbing"): from the logits down, what a
/// node reads and what matters comes from a prompt that agrees with its own on the features named; all else that it reads comes
/// from any prompt, the same one for all of it. Every prompt of the batch is scrubbed at once.
/// </summary>
internal sealed class Scrubber
{
    private readonly LanguageModel model;
    private readonly PairBatch pairs;
    private readonly IReadOnlyDictionary<string, HypothesisNode> nodes;
    private readonly PromptFeatures features;
    private readonly Dictionary<string, int[][]> alike = [];
    private readonly Run plain;
    private readonly SeededRandom random;
    private readonly CancellationToken cancellation;

    /// <summary>Runs the prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The prompts, all of one length.</param>
    /// <param name="hypothesis">What matters.</param>
    /// <param name="seed">Draws prompts.</param>
    /// <param name="cancellation">Cancels runs.</param>
    public Scrubber(LanguageModel model, PairBatch pairs, ScrubbingHypothesis hypothesis, int seed, CancellationToken cancellation)
    {
        this.model = model;
        this.pairs = pairs;
        this.cancellation = cancellation;
        nodes = hypothesis.Check(model.Config);
        features = new PromptFeatures(model, pairs);
        random = new SeededRandom((ulong)(uint)seed);
        plain = model.Run(pairs.Clean, Capture.All(["hook_embed", Site.AllZ, .. model.Config.AttentionOnly ? [] : new Site[] { "blocks.*.hook_mlp_out" }]), LogitScope.None, cancellation);
        foreach (HypothesisEdge edge in hypothesis.Nodes.SelectMany(node => node.Reads))
        {
            _ = Alike(edge);
        }
    }

    /// <summary>How many prompts an output may come from, the mean over prompts and edges.</summary>
    public double Choices => alike.Count == 0 ? pairs.Clean.Batch : alike.Values.Average(sets => sets.Average(set => set.Length));

    /// <summary>The metric of every prompt, scrubbed once.</summary>
    public double[] Measure(Metric metric)
    {
        int[] own = [.. Enumerable.Range(0, pairs.Clean.Batch)];
        (TokenBatch tokens, List<PlanItem> plan) = Inputs(nodes["logits"], own, null, int.MaxValue);
        return MetricReader.Read(metric, model.Run(tokens, plan, metric.Scope, cancellation).Logits);
    }

    // The output of a part on each of some prompts, scrubbed below where the hypothesis says how: [batch, pos, width] or [batch, pos, head, d_head].
    private Tensor Output(EdgeSource part, int[] prompts)
    {
        if (!nodes.TryGetValue(part.Name, out HypothesisNode? node))
        {
            return Gather(plain[PathEnds.Output(part)], prompts);
        }

        Site output = PathEnds.Output(part);
        if (part.Node == EdgeNode.Mlp)
        {
            (TokenBatch tokens, List<PlanItem> plan) = Inputs(node, prompts, null, IndexOf(output));
            return model.Run(tokens, [.. plan, Capture.At(output)], LogitScope.None, cancellation)[output];
        }

        // A key head serves a group of queries; only this head's output is kept.
        int group = model.Config.Heads / model.Config.KeyValueHeads;
        List<PlanItem> inputs = [];
        foreach (string port in new[] { "q", "k", "v" })
        {
            Site read = new($"blocks.{part.Layer}.attn.hook_{port}");
            (TokenBatch tokens, List<PlanItem> plan) = Inputs(node, prompts, port, IndexOf(read));
            Run run = model.Run(tokens, [.. plan, Capture.At(read)], LogitScope.None, cancellation);
            inputs.Add(Replace.With(read with { Heads = [port == "q" ? part.Head : part.Head / group] }, run));
        }

        return model.Run(pairs.Clean, [.. inputs, Capture.At(output)], LogitScope.None, cancellation)[output];
    }

    // What a node (by one of its inputs) reads: a run of any prompts whose parts are held at them, but for those that matter.
    private (TokenBatch Tokens, List<PlanItem> Plan) Inputs(HypothesisNode node, int[] prompts, string? port, int last)
    {
        int[] any = [.. prompts.Select(_ => random.Next(pairs.Clean.Batch))];
        Dictionary<string, double[]> held = plain.Captures.Keys.Where(name => model.Network.Hooks.Find(name)!.Index < last)
            .ToDictionary(name => name, name => Gather(plain[name], any).ToDoubles());
        foreach (HypothesisEdge edge in node.Reads.Where(edge => edge.To is null || edge.To == port))
        {
            EdgeSource from = ScrubbingHypothesis.Part(model.Config, edge.From);
            int[][] sets = Alike(edge);
            int[] chosen = [.. prompts.Select(prompt => sets[prompt][random.Next(sets[prompt].Length)])];
            double[] values = Output(from, chosen).ToDoubles();
            Copy(values, held[PathEnds.Output(from).Name], from, edge.Positions);
        }

        TokenBatch tokens = TokenBatch.Pad([.. any.Select(prompt => pairs.Clean.Row(prompt).ToArray())]);
        return (tokens, [.. held.Select(entry => Replace.With(entry.Key, Tensor.Of(entry.Value, [.. plain[entry.Key].Shape])))]);
    }

    private void Copy(double[] from, double[] to, EdgeSource part, IReadOnlyList<int>? positions)
    {
        int length = pairs.Clean.Length;
        int width = part.Node == EdgeNode.Head ? model.Config.DValue : model.Config.DModel;
        int stride = part.Node == EdgeNode.Head ? model.Config.Heads * width : width;
        int offset = part.Node == EdgeNode.Head ? part.Head * width : 0;
        int[] places = [.. positions?.Select(position => position < 0 ? length + position : position) ?? Enumerable.Range(0, length)];
        if (places.Any(place => (uint)place >= (uint)length))
        {
            throw CutawayException.Input($"the hypothesis: positions {string.Join(", ", positions!)} of '{part.Name}' are not all inside prompts of {length} tokens");
        }

        for (int item = 0; item < pairs.Clean.Batch; item++)
        {
            foreach (int place in places)
            {
                int start = (((item * length) + place) * stride) + offset;
                from.AsSpan(start, width).CopyTo(to.AsSpan(start, width));
            }
        }
    }

    private int[][] Alike(HypothesisEdge edge)
    {
        string key = string.Join(", ", edge.Agree ?? []);
        if (!alike.TryGetValue(key, out int[][]? sets))
        {
            sets = features.Alike(edge.Agree ?? []);
            alike.Add(key, sets);
        }

        return sets;
    }

    private int IndexOf(Site site) => model.Network.Hooks.Find(site.Name)!.Index;

    private static Tensor Gather(Tensor values, int[] rows)
    {
        int one = values.Count / values.Shape[0];
        double[] all = values.ToDoubles();
        double[] gathered = new double[rows.Length * one];
        for (int i = 0; i < rows.Length; i++)
        {
            all.AsSpan(rows[i] * one, one).CopyTo(gathered.AsSpan(i * one));
        }

        return Tensor.Of(gathered, [rows.Length, .. values.Shape.Skip(1)], values.Axes);
    }
}
