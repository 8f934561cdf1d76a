using System.ComponentModel.DataAnnotations;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Sites;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Causes;

/// <summary>
/// Attention knockout (Geva et al. 2023, "Dissecting Recall of Factual Associations", §4): positions are kept from looking at
/// others in a window of layers, by scores of minus infinity before the softmax, and the probability of the answer tells whether
/// what they would have read there mattered. Attention that is left shares what was taken; a position kept from looking anywhere
/// reads nothing.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token followed; by default the model's own first choice.</param>
/// <param name="Queries">Positions that are kept from looking; negative ones count from the end.</param>
/// <param name="Keys">Words that are not looked at, together; by default every position is blocked alone.</param>
/// <param name="Window">Layers blocked together, around each layer; by default a fifth of them.</param>
/// <param name="ByHead">Whether one head of one layer is blocked at a time, in place of windows.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Top">Blocks listed.</param>
[Technique("attention-knockout", Section.Causes, "Keep positions from looking at others in a window of layers, and measure the answer",
    Topic = "activation-patching",
    Examples = "attention-knockout\nattention-knockout \"The Space Needle is in downtown\" --keys \"Space Needle\" --by-head --model path/to/model.gguf")]
public sealed record AttentionKnockout(
    [property: Help("Text the model completes (default: Mary and John in the store)", Argument = true)] Prompt? Prompt = null,
    [property: Help("Token followed (default: the model's first choice)")] string? Answer = null,
    [property: Help("Positions kept from looking; negative ones count from the end (default: -1)")] IReadOnlyList<int>? Queries = null,
    [property: Help("Words not looked at, together (default: every position alone)")] string? Keys = null,
    [property: Help("Layers blocked together (default: a fifth)"), Range(1, 1000)] int? Window = null,
    [property: Help("Block one head at a time, in its layer only")] bool ByHead = false,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("Blocks listed"), Range(1, 200)] int Top = 10) : ITechnique<AttentionKnockoutFinding>
{
    /// <inheritdoc/>
    public AttentionKnockoutFinding Run(LanguageModel model, Progress progress = default)
    {
        if (ByHead && (Keys is null || Window is not null))
        {
            throw CutawayException.Usage(Keys is null
                ? "--by-head shows one number a head: say with --keys what it must not look at"
                : "--by-head blocks heads of one layer; leave out --window");
        }

        NetworkConfig config = model.Config;
        Prompt prompt = Prompt ?? Explain.DefaultPrompt;
        TokenBatch tokens = TokenBatch.Single(model.Encode(prompt));
        int[] queries = [.. (Queries ?? [-1]).Select(query => PromptTokens.Position(tokens, query, "--queries")).Distinct().Order()];
        int answer = PromptTokens.Answer(model, Answer, model.Run(tokens, [], LogitScope.Last, progress.Cancellation).LastLogits());
        int window = ByHead ? 1 : Window ?? Math.Max(1, config.Layers / 5);
        Tensor[] blocks = Keys is null
            ? [.. Enumerable.Range(0, queries[^1] + 1).Select(key => Block(config.Heads, tokens.Length, [key]))]
            : [Block(config.Heads, tokens.Length, PromptTokens.Of(model, prompt, Keys, "--keys"))];
        Variant[] variants = ByHead
            ? [.. Enumerable.Range(0, config.Layers * config.Heads).Select(i => Knock(i / config.Heads, 1, blocks[0], i % config.Heads))]
            : [.. Enumerable.Range(0, config.Layers * blocks.Length).Select(i => Knock(i / blocks.Length, window, blocks[i % blocks.Length], null))];
        SweepResult result = new Sweep(tokens, new Probability([answer]), variants) { MemoryBudget = (Memory ?? MemorySize.Default).Bytes }.Run(model, progress);
        return new AttentionKnockoutFinding
        {
            Request = this with { Queries = queries, Window = window },
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Answer = model.Tokenizer.TokenText(answer),
            Baseline = result.Baseline[0],
            Probabilities = [.. result.Values.Select(values => values[0]).Chunk(variants.Length / config.Layers)],
        };

        Variant Knock(int layer, int layers, Tensor block, int? head)
        {
            int start = Math.Max(0, layer - (layers / 2));
            int end = Math.Min(config.Layers, layer - (layers / 2) + layers);
            return new Variant($"{start} to {end}", [.. Enumerable.Range(start, end - start)
                .Select(at => Add.Vector(new Site($"blocks.{at}.attn.hook_attn_scores") { Heads = head is int h ? [h] : null, Positions = queries }, block))]);
        }
    }

    /// <summary>What is added to scores: minus infinity at some keys, [head, key].</summary>
    private static Tensor Block(int heads, int length, IReadOnlyList<int> keys)
    {
        double[] values = new double[heads * length];
        for (int head = 0; head < heads; head++)
        {
            foreach (int key in keys)
            {
                values[(head * length) + key] = double.NegativeInfinity;
            }
        }

        return Tensor.Of(values, [heads, length]);
    }
}

/// <summary>What keeping positions from looking at others does.</summary>
public sealed record AttentionKnockoutFinding : Finding
{
    /// <summary>What was asked.</summary>
    public required AttentionKnockout Request { get; init; }

    /// <summary>The tokens of the text.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The token followed.</summary>
    public required string Answer { get; init; }

    /// <summary>Its probability with nothing blocked.</summary>
    public required double Baseline { get; init; }

    /// <summary>Its probability, [layer][key position]; with words blocked together [layer][0], and by head [layer][head].</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Probabilities { get; init; }

    /// <summary>The change as a share of <see cref="Baseline"/>, in the same shape: −1 where nothing is left.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Changes => [.. Probabilities.Select(row => row.Select(p => (p - Baseline) / Baseline).ToArray())];

    private IReadOnlyList<(int Layer, int Column, double Change)> Ranked =>
        [.. Changes.SelectMany((row, layer) => row.Select((change, column) => (layer, column, change))).OrderBy(entry => entry.change)];

    private string Looking => string.Join(", ", Request.Queries!.Select(query => $"'{Tokens[query].Trim()}' ({query})"));

    private string Unit => $"change of p('{Answer}') as a share of it";

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            // Heads that have nothing to do look at the first token; a block of it shows that, and not what is read there.
            bool[] sink = [.. Ranked.Select(entry => Request.Keys is null && entry.Column == 0)];
            (int layer, int column, double change) = Ranked[Math.Max(0, Array.IndexOf(sink, false))];
            return FormattableString.Invariant($"Without {Looking} looking at {Key(column)} in {Where(layer, column)}, '{Answer}' goes from {Baseline:0.000} to {Probabilities[layer][column]:0.000} ({change:+0%;-0%}): no other block{(sink[0] ? ", but of the first token," : "")} takes as much away");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            string caption = FormattableString.Invariant($"{Looking} may not look. p('{Answer}') is {Baseline:0.000} with nothing blocked; −1 means that nothing of it is left.")
                + (Request.Keys is null ? " Heads with nothing to do look at the first token, so blocking that one makes them do something." : "");
            View whole = Request.Keys is not null && !Request.ByHead
                ? new LinesView($"Without looking at '{Request.Keys}'", [.. Changes.Select((_, layer) => (double)layer)], [new Line(Unit, [.. Changes.Select(row => row[0])])])
                {
                    XAxis = "layer in the middle of the window",
                    YAxis = Unit,
                    Caption = caption,
                }
                : new HeatMapView(Request.ByHead ? "Every head" : "Every token", [.. Changes.Select((_, layer) => $"{layer}")], [.. Changes[0].Select((_, column) => Request.ByHead ? $"{column}" : Tokens[column])], Changes)
                {
                    RowAxis = "layer",
                    ColumnAxis = Request.ByHead ? "head" : "token not looked at",
                    Unit = Unit,
                    Diverging = true,
                    Caption = caption,
                };
            return
            [
                whole,
                new TableView("Blocks that matter most", ["where", "not looked at", $"p('{Answer}')", "change"],
                    [.. Ranked.Take(Request.Top).Select(entry => (IReadOnlyList<object>)[Where(entry.Layer, entry.Column), Key(entry.Column), Probabilities[entry.Layer][entry.Column], entry.Change])]),
            ];
        }
    }

    private string Key(int column) => Request.Keys is { } words ? $"'{words}'" : $"'{Tokens[column].Trim()}' ({column})";

    private string Where(int layer, int column)
    {
        int window = Request.Window!.Value;
        int start = Math.Max(0, layer - (window / 2));
        int end = Math.Min(Probabilities.Count, layer - (window / 2) + window) - 1;
        return Request.ByHead ? $"head {layer}.{column}" : start == end ? $"layer {layer}" : $"layers {start} to {end}";
    }
}
