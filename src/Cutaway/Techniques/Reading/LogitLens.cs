using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Reading;

/// <summary>
/// Reads the residual stream before every block, and after the last, as a prediction: through the final norm and the
/// unembedding, as if the blocks above were not there (nostalgebraist 2020, "interpreting GPT: the logit lens"). The last row
/// is the model's own prediction. Early layers need not speak this language: what is unreadable is not thereby absent.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Answer">The token that is followed through the layers, such as " Mary"; by default the model's own first choice.</param>
/// <param name="Versus">A token it is compared with, such as " John".</param>
/// <param name="Position">The position whose layers are listed; negative counts from the end.</param>
/// <param name="Top">Tokens listed at each place.</param>
[Technique("logit-lens", Section.Reading, "What the model would say if it stopped at each layer",
    Topic = "logit-lens-and-tuned-lens",
    Examples = "logit-lens \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\"\nlogit-lens \"The capital of France is\" --top 10 --model path/to/model.gguf")]
public sealed record LogitLens(
    [property: Help("Text to read", Argument = true)] Prompt Prompt,
    [property: Help("Token followed through the layers, such as \" Mary\" (default: the model's first choice)")] string? Answer = null,
    [property: Help("Token it is compared with, such as \" John\"")] string? Versus = null,
    [property: Help("Position whose layers are listed; negative counts from the end")] int Position = -1,
    [property: Help("Tokens listed at each place"), Range(1, 50)] int Top = 5) : ITechnique<LogitLensFinding>
{
    // Rows unembedded together: enough to keep the product busy, few enough to keep their logits small.
    private const int RowsAtOnce = 128;

    /// <inheritdoc/>
    public LogitLensFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        int position = PromptTokens.Position(tokens, Position);
        int layers = config.Layers + 1;
        progress.Step("running", 0, layers);
        Run run = model.Run(tokens, Capture.All(Site.AllResidPre, Site.ResidPost(config.Layers - 1)), LogitScope.None, progress.Cancellation);
        double[][] streams = [.. Enumerable.Range(0, layers).Select(layer => run[layer < config.Layers ? Site.ResidPre(layer) : Site.ResidPost(layer - 1)].ToDoubles())];
        int answer = Answer is null ? -1 : model.SingleToken(Answer);
        if (answer < 0)
        {
            answer = PromptTokens.Answer(model, null, Unembed(model, streams, layers - 1, 1, position, 1).ToDoubles());
        }

        int? versus = PromptTokens.Versus(model, Versus, answer);
        LensCell[][] cells = [.. Enumerable.Range(0, layers).Select(_ => new LensCell[tokens.Length])];
        LensReader reader = new(model, Top);
        double[] final = new double[Math.Min(RowsAtOnce, tokens.Length) * config.Vocabulary];
        for (int first = 0; first < tokens.Length; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, tokens.Length - first);
            int together = Math.Max(1, RowsAtOnce / count);
            for (int top = layers; top > 0; top -= together)
            {
                int bottom = Math.Max(0, top - together);
                progress.Step("reading layers", layers - top, layers);
                double[] logits = Unembed(model, streams, bottom, top - bottom, first, count).ToDoubles();
                for (int layer = top - 1; layer >= bottom; layer--)
                {
                    for (int i = 0; i < count; i++)
                    {
                        ReadOnlySpan<double> row = logits.AsSpan((((layer - bottom) * count) + i) * config.Vocabulary, config.Vocabulary);
                        Span<double> own = final.AsSpan(i * config.Vocabulary, config.Vocabulary);
                        if (layer == layers - 1)
                        {
                            reader.LogProbabilities(row, own);
                        }

                        cells[layer][first + i] = reader.Read(row, own, answer, versus);
                    }
                }
            }
        }

        progress.Step("done", layers, layers);
        return new LogitLensFinding
        {
            Tokens = model.TokenTexts(tokens.Row(0).ToArray()),
            Position = position,
            Answer = model.Tokenizer.TokenText(answer),
            Versus = Versus,
            Cells = cells,
        };
    }

    private static Tensor Unembed(LanguageModel model, double[][] streams, int firstLayer, int layers, int firstPosition, int positions)
    {
        int d = model.Config.DModel;
        double[] rows = [.. streams.Skip(firstLayer).Take(layers).SelectMany(stream => stream.AsSpan(firstPosition * d, positions * d).ToArray())];
        return model.Unembed(Tensor.Of(rows, [layers * positions, d], ["row", "d_model"]));
    }
}

/// <summary>What every place of the residual stream would predict.</summary>
public sealed record LogitLensFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The position whose layers are listed.</summary>
    public required int Position { get; init; }

    /// <summary>The token that was followed.</summary>
    public required string Answer { get; init; }

    /// <summary>The token it was compared with, or null.</summary>
    public string? Versus { get; init; }

    /// <summary>[layer][position]: before each block, and last after all of them.</summary>
    public required IReadOnlyList<IReadOnlyList<LensCell>> Cells { get; init; }

    private string[] LayerNames => [.. Enumerable.Range(0, Cells.Count).Select(layer => layer == Cells.Count - 1 ? "end" : $"{layer}")];

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            int from = Cells.Count;
            while (from > 0 && Cells[from - 1][Position].Rank == 0)
            {
                from--;
            }

            string where = from == Cells.Count ? $"is number {Cells[^1][Position].Rank + 1} at the end"
                : from == 0 ? "is the first choice from the embedding on"
                : $"becomes the first choice after block {from - 1} and stays it";
            return FormattableString.Invariant($"After '{Tokens[Position]}' the token '{Answer}' {where} (probability {Math.Exp(Cells[^1][Position].LogProbability):0.000})");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            double[] layers = [.. Enumerable.Range(0, Cells.Count).Select(layer => (double)layer)];
            IEnumerable<LensCell> column = Cells.Select(row => row[Position]);
            return
            [
                new HeatMapView("What each layer would say", LayerNames, Tokens, [.. Cells.Select(row => (IReadOnlyList<double>)[.. row.Select(cell => Math.Exp(cell.Top[0].Score))])])
                {
                    RowAxis = "before block", ColumnAxis = "token", Unit = "probability of the likeliest next token",
                    CellText = [.. Cells.Select(row => (IReadOnlyList<string>)[.. row.Select(cell => cell.Top[0].Text)])],
                    Caption = "The likeliest next token if the blocks above were skipped; the last row is the model's own prediction.",
                },
                new TableView($"Layer by layer after '{Tokens[Position]}'", ["before block", "likeliest tokens", $"log-probability of '{Answer}'", $"rank of '{Answer}'", "entropy", "KL from the end"],
                [
                    .. column.Select((cell, layer) => (IReadOnlyList<object>)
                    [
                        LayerNames[layer],
                        string.Join(" ", cell.Top.Select(token => FormattableString.Invariant($"'{token.Text}' {Math.Exp(token.Score):0.00}"))),
                        cell.LogProbability, cell.Rank + 1, cell.Entropy, cell.Kl,
                    ]),
                ]),
                new LinesView($"'{Answer}'{(Versus is null ? "" : $" and '{Versus}'")} through the layers", layers,
                [
                    new($"'{Answer}'", [.. column.Select(cell => cell.LogProbability)]),
                    .. Versus is null ? [] : new[] { new Line($"'{Versus}'", [.. column.Select(cell => cell.Versus!.Value)]) },
                ])
                {
                    XAxis = "before block", YAxis = "log-probability",
                },
                new LinesView("How far from the end, and how sure", layers, [new("KL from the final prediction", [.. column.Select(cell => cell.Kl)]), new("entropy", [.. column.Select(cell => cell.Entropy)])])
                {
                    XAxis = "before block", YAxis = "nats",
                },
            ];
        }
    }
}
