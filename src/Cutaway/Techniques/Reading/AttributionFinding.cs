using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Reading;

/// <summary>A logit (difference) split into what each part writes directly.</summary>
public sealed record AttributionFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The position whose logits were split.</summary>
    public required int Position { get; init; }

    /// <summary>The token whose logit was split.</summary>
    public required string Answer { get; init; }

    /// <summary>The token whose logit was subtracted, or null.</summary>
    public string? Versus { get; init; }

    /// <summary>The logit (difference) that the network computed, before any cap.</summary>
    public required double Logit { get; init; }

    /// <summary>The cap that the network puts on logits afterwards, or null.</summary>
    public double? SoftCap { get; init; }

    /// <summary>The embedding's part.</summary>
    public required double Embedding { get; init; }

    /// <summary>The position embedding's part, 0 where there is none.</summary>
    public required double PositionEmbedding { get; init; }

    /// <summary>Each head's part, [layer][head].</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Heads { get; init; }

    /// <summary>Each part of the heads that attend to an encoder's output, [layer][head]; empty where there is no encoder.</summary>
    public IReadOnlyList<IReadOnlyList<double>> CrossHeads { get; init; } = [];

    /// <summary>Each MLP's neurons together, by layer; empty for attention-only models.</summary>
    public required IReadOnlyList<double> Mlps { get; init; }

    /// <summary>What biases contribute.</summary>
    public required IReadOnlyList<BiasAttribution> Biases { get; init; }

    /// <summary>What comes through attention to each token, over all heads.</summary>
    public required IReadOnlyList<double> Sources { get; init; }

    /// <summary>The largest contributions of one head through one token.</summary>
    public required IReadOnlyList<SourceAttribution> TopSources { get; init; }

    /// <summary>The largest neurons.</summary>
    public required IReadOnlyList<NeuronAttribution> Neurons { get; init; }

    /// <summary>How many heads and MLPs are listed.</summary>
    public required int Top { get; init; }

    /// <summary>Sites that held what they hold on another text; empty for a plain run.</summary>
    public IReadOnlyList<string> Patched { get; init; } = [];

    /// <summary>The sum of all parts.</summary>
    public double Sum => Embedding + PositionEmbedding + Heads.Sum(row => row.Sum()) + CrossHeads.Sum(row => row.Sum()) + Mlps.Sum() + Biases.Sum(bias => bias.Value);

    /// <summary>Heads and MLPs, the largest first.</summary>
    internal IReadOnlyList<(string Part, double Value)> Ranked => PartRanking.Of(Heads, Mlps, CrossHeads);

    private string Metric => PromptTokens.Metric(Answer, Versus);

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            (string part, double value) = Ranked[0];
            string patched = Patched.Count == 0 ? "" : $"With {string.Join(", ", Patched)} patched: ";
            return FormattableString.Invariant($"{patched}{char.ToUpperInvariant(part[0])}{part[1..]} writes {value:+0.00;−0.00} of the {Logit:0.00} {Metric}; all parts sum to it to within {Math.Abs(Sum - Logit):0.0e+0}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            (string Part, double Value)[] top = [.. Ranked.Take(Top)];
            List<View> views =
            [
                new BarsView("What writes the answer", [.. top.Select(entry => entry.Part)], [.. top.Select(entry => entry.Value)])
                {
                    Unit = Metric,
                    Caption = $"The direct part of the {Metric} at '{Tokens[Position]}', with the scale of the final norm held; the largest of {Ranked.Count} heads and MLPs.",
                },
                new HeatMapView("Every head", [.. Heads.Select((_, layer) => $"{layer}")], [.. Heads[0].Select((_, head) => $"{head}")], Heads)
                {
                    RowAxis = "layer", ColumnAxis = "head", Unit = Metric, Diverging = true,
                    Caption = "Positive writes towards the answer, negative away from it. What a head does through later parts is not in it.",
                },
                new TokensView("Through which tokens", [.. Tokens.Take(Position + 1)], Sources)
                {
                    Unit = Metric,
                    Notes = [.. Sources.Select((_, source) => Note(source))],
                    Caption = "What all heads together carry directly from each token to the answer's position.",
                },
                new TableView("Heads and the tokens they carry from", ["head", "token", "position", Metric],
                    [.. TopSources.Select(edge => (IReadOnlyList<object>)[$"{edge.Layer}.{edge.Head}", Tokens[edge.Source], edge.Source, edge.Value])]),
            ];
            if (Mlps.Count > 0)
            {
                views.Insert(2, new BarsView("Every MLP", [.. Mlps.Select((_, layer) => $"MLP {layer}")], Mlps) { Unit = Metric });
            }

            if (CrossHeads.Count > 0)
            {
                views.Insert(2, new HeatMapView("Every head that reads the encoder", [.. CrossHeads.Select((_, layer) => $"{layer}")], [.. CrossHeads[0].Select((_, head) => $"{head}")], CrossHeads)
                {
                    RowAxis = "layer",
                    ColumnAxis = "head",
                    Unit = Metric,
                    Diverging = true,
                });
            }

            if (Neurons.Count > 0)
            {
                views.Add(new TableView("Neurons", ["neuron", Metric], [.. Neurons.Select(entry => (IReadOnlyList<object>)[$"{entry.Layer}.{entry.Neuron}", entry.Value])]));
            }

            views.Add(Sums());
            return views;
        }
    }

    private TableView Sums()
    {
        List<IReadOnlyList<object>> rows =
        [
            ["embedding", Embedding], ["position embedding", PositionEmbedding], ["heads", Heads.Sum(row => row.Sum())], ["heads that read the encoder", CrossHeads.Sum(row => row.Sum())], ["MLPs", Mlps.Sum()],
            .. Biases.Select(bias => (IReadOnlyList<object>)[bias.Part, bias.Value]),
            ["sum of all parts", Sum], ["computed by the network", Logit],
        ];
        rows.RemoveAll(row => row[1] is 0.0);
        string cap = SoftCap is double limit
            ? FormattableString.Invariant($" The network then caps each logit x at {limit} · tanh(x / {limit}); the parts sum to the logits before that.")
            : "";
        return new TableView("The parts add up", ["part", Metric], rows)
        {
            Caption = FormattableString.Invariant($"The sum differs from the network's own number by {Math.Abs(Sum - Logit):0.0e+0}: rounding.{cap}"),
        };
    }

    private string Note(int source) => TopSources.Where(edge => edge.Source == source).Take(1).Select(edge =>
        FormattableString.Invariant($"most through head {edge.Layer}.{edge.Head}: {edge.Value:+0.00;−0.00}")).FirstOrDefault("");
}
