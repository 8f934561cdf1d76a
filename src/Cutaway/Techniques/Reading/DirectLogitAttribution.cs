using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Reading;

/// <summary>
/// Splits the logit of an answer, or its difference to another token's, into what each part writes directly: the embedding,
/// every head (and within it every source token), every neuron, the biases. The scales of the norms on the way are held at
/// what they are in this run, so the parts sum to the logit (Elhage et al. 2021; Wang et al. 2022, section 3.1; McGrath et al.
/// 2023 on what holding the scale leaves out). Effects through later parts are not in it: see <c>ablate</c>.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token whose logit is split, such as " Mary"; by default the model's own first choice.</param>
/// <param name="Versus">A token whose logit is subtracted, such as " John".</param>
/// <param name="Position">The position whose logits are split; negative counts from the end.</param>
/// <param name="Neurons">How many neurons to list.</param>
/// <param name="Top">How many heads and MLPs to list.</param>
/// <param name="Corrupt">A text of as many tokens whose activations are put in.</param>
/// <param name="Patch">Where they are put in, as hook names; what is split is then the patched run.</param>
[Technique("direct-logit-attribution", Section.Reading, "Split the answer's logit into what every head, MLP, neuron and source token writes directly",
    Topic = "direct-logit-attribution",
    Examples = "direct-logit-attribution \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\"\ndirect-logit-attribution \"The capital of France is\" --neurons 20 --model path/to/model.gguf\ndirect-logit-attribution \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\" --corrupt \"When Mary and John went to the store, Mary gave a drink to\" --patch blocks.1.attn.hook_z")]
public sealed record DirectLogitAttribution(
    [property: Help("Text the model completes", Argument = true)] Prompt Prompt,
    [property: Help("Token whose logit is split, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token whose logit is subtracted, such as \" John\"")] string? Versus = null,
    [property: Help("Position whose logits are split; negative counts from the end")] int Position = -1,
    [property: Help("Neurons listed"), Range(0, 1000)] int Neurons = 10,
    [property: Help("Heads and MLPs listed"), Range(1, 200)] int Top = 10,
    [property: Help("Text whose activations are put in with --patch, of as many tokens")] Prompt? Corrupt = null,
    [property: Help("Sites that receive what they hold on that text, such as blocks.9.attn.hook_z")] IReadOnlyList<string>? Patch = null) : ITechnique<AttributionFinding>
{
    /// <inheritdoc/>
    public AttributionFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        int position = PromptTokens.Position(tokens, Position);
        progress.Step("running", 0, config.Layers + 1);
        IReadOnlyList<PlanItem> patches = Patches(model, tokens, progress.Cancellation);
        Run run = model.Run(tokens, [.. patches, .. Plan(model, position)], position == tokens.Length - 1 ? LogitScope.Last : LogitScope.All, progress.Cancellation);
        double[] logits = (run.Logits.HasAxis("pos") ? run.Logits.Select("pos", position) : run.Logits).ToDoubles();
        int answer = PromptTokens.Answer(model, Answer, logits);
        int? versus = PromptTokens.Versus(model, Versus, answer);
        DirectPath path = DirectPath.To(run, position, answer, versus);
        double[][] heads = new double[config.Layers][];
        double[] mlps = new double[config.AttentionOnly ? 0 : config.Layers];
        double[] sources = new double[position + 1];
        List<NeuronAttribution> neurons = [];
        List<SourceAttribution> edges = [];
        List<double[]> crossHeads = [];
        double attentionBias = 0;
        double mlpBias = 0;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            progress.Step("following heads and neurons to the logits", layer + 1, config.Layers + 1);
            double[][] bySource = BySource(config, run, path.Heads(layer), layer, position, out heads[layer]);
            for (int head = 0; head < config.Heads; head++)
            {
                for (int source = 0; source <= position; source++)
                {
                    sources[source] += bySource[head][source];
                    edges.Add(new(layer, head, source, bySource[head][source]));
                }
            }

            attentionBias += path.AttentionBias(layer);
            if (config.Encoder is not null)
            {
                double[] each = Multiply(run[$"blocks.{layer}.cross_attn.hook_z"], path.CrossHeads(layer));
                crossHeads.Add([.. each.Chunk(config.DHead).Select(part => part.Sum())]);
            }

            if (config.LayerConfigs[layer].Experts is not null)
            {
                // A mixture writes as a whole: which neurons take part is the router's choice.
                mlps[layer] = Multiply(run[Site.MlpOut(layer)], [.. path.Residual]).Sum();
            }
            else if (!config.AttentionOnly)
            {
                double[] each = Multiply(run[Site.MlpPost(layer)], path.Neurons(layer));
                mlps[layer] = each.Sum();
                mlpBias += path.MlpBias(layer);
                neurons.AddRange(each.Select((value, neuron) => new NeuronAttribution(layer, neuron, value))
                    .OrderByDescending(entry => Math.Abs(entry.Value)).Take(Neurons));
            }
        }

        progress.Step("done", 1, 1);
        double[] direction = [.. path.Residual];
        AttributionFinding finding = new()
        {
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Position = position,
            Answer = model.Tokenizer.TokenText(answer),
            Versus = Versus,
            Logit = Uncapped(config, logits[answer]) - (versus is int other ? Uncapped(config, logits[other]) : 0),
            SoftCap = config.LogitSoftCap,
            Embedding = Multiply(run["hook_embed"], direction).Sum(),
            PositionEmbedding = config.Positions == PositionKind.Learned ? Multiply(run["hook_pos_embed"], direction).Sum() : 0,
            Heads = heads,
            CrossHeads = crossHeads,
            Mlps = mlps,
            Biases = [new("attention biases", attentionBias), new("MLP biases", mlpBias), new("final norm and unembedding biases", path.Constant)],
            Sources = sources,
            TopSources = [.. edges.OrderByDescending(edge => Math.Abs(edge.Value)).Take(Top)],
            Neurons = [.. neurons.OrderByDescending(entry => Math.Abs(entry.Value)).Take(Neurons)],
            Top = Top,
            Patched = Patch ?? [],
        };

        // What is put into an output or a stream as a whole belongs to no part of it.
        return patches.Count == 0 ? finding : finding with { Biases = [.. finding.Biases, new("put in by patches, of no part", finding.Logit - finding.Sum)] };
    }

    private IReadOnlyList<PlanItem> Patches(LanguageModel model, TokenBatch tokens, CancellationToken cancellation)
    {
        if ((Corrupt is null) != (Patch is null or { Count: 0 }))
        {
            throw CutawayException.Usage("a patched run needs both: --corrupt for the text that activations come from, and --patch for where they are put in");
        }

        if (Corrupt is null)
        {
            return [];
        }

        TokenBatch other = TokenBatch.Single(model.Encode(Corrupt));
        if (other.Length != tokens.Length)
        {
            throw CutawayException.Input($"the corrupted text has {other.Length} tokens and the prompt {tokens.Length}; patching needs as many in both");
        }

        Site[] sites = [.. Patch!.SelectMany(name => new Site(name).Resolve(model.Network.Hooks)).Select(point => new Site(point.Name)).Distinct()];
        Run from = model.Run(other, Capture.All(sites), LogitScope.None, cancellation);
        return [.. sites.Select(site => Replace.With(site, from))];
    }

    private static PlanItem[] Plan(LanguageModel model, int position)
    {
        NetworkConfig config = model.Config;
        List<Site> sites = [new Site("hook_embed").At(position), Site.AllZ.At(position), Site.AllPatterns.At(position), "blocks.*.attn.hook_v", .. DirectPath.Needs(model)];
        if (config.Positions == PositionKind.Learned)
        {
            sites.Add(new Site("hook_pos_embed").At(position));
        }

        if (config.Encoder is not null)
        {
            sites.Add(new Site("blocks.*.cross_attn.hook_z").At(position));
        }

        if (!config.AttentionOnly)
        {
            sites.AddRange(config.LayerConfigs.Select((layer, i) => (layer.Experts is null ? Site.MlpPost(i) : Site.MlpOut(i)).At(position)));
        }

        return Capture.All([.. sites]);
    }

    /// <summary>What each head writes, whole and by source token: pattern · value along the head's path.</summary>
    private static double[][] BySource(NetworkConfig config, Run run, double[] path, int layer, int position, out double[] whole)
    {
        double[] z = run[Site.Z(layer)].ToDoubles();
        double[] pattern = run[Site.Pattern(layer)].ToDoubles();
        double[] values = run[$"blocks.{layer}.attn.hook_v"].ToDoubles();
        int keys = pattern.Length / config.Heads;
        int group = config.Heads / config.KeyValueHeads;
        double[][] bySource = new double[config.Heads][];
        whole = new double[config.Heads];
        for (int head = 0; head < config.Heads; head++)
        {
            ReadOnlySpan<double> reader = path.AsSpan(head * config.DValue, config.DValue);
            whole[head] = Dot(z.AsSpan(head * config.DValue, config.DValue), reader);
            bySource[head] = new double[position + 1];
            for (int source = 0; source <= position; source++)
            {
                ReadOnlySpan<double> value = values.AsSpan(((source * config.KeyValueHeads) + (head / group)) * config.DValue, config.DValue);
                bySource[head][source] = pattern[(head * keys) + source] * Dot(value, reader);
            }
        }

        return bySource;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => System.Numerics.Tensors.TensorPrimitives.Dot(a, b);

    private static double[] Multiply(Tensor activation, double[] direction)
    {
        double[] product = activation.ToDoubles();
        for (int i = 0; i < product.Length; i++)
        {
            product[i] *= direction[i];
        }

        return product;
    }

    private static double Uncapped(NetworkConfig config, double logit) => config.LogitSoftCap is double cap ? cap * Math.Atanh(logit / cap) : logit;
}

/// <summary>What a bias contributes.</summary>
/// <param name="Part">Which biases.</param>
/// <param name="Value">Their contribution.</param>
public sealed record BiasAttribution(string Part, double Value);

/// <summary>What a neuron contributes.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Neuron">Its index.</param>
/// <param name="Value">Its contribution.</param>
public sealed record NeuronAttribution(int Layer, int Neuron, double Value);

/// <summary>What a head contributes by attending to one token.</summary>
/// <param name="Layer">The head's layer.</param>
/// <param name="Head">Its index.</param>
/// <param name="Source">The position attended to.</param>
/// <param name="Value">Its contribution through that position.</param>
public sealed record SourceAttribution(int Layer, int Head, int Source, double Value);
