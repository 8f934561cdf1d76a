using Cutaway.Analysis;
using Cutaway.Findings;

namespace Cutaway.Techniques.Causes;

/// <summary>The mean effect of restoring states at one kind of token.</summary>
/// <param name="Tokens">Which tokens, such as <c>last subject token</c>.</param>
/// <param name="ByLayer">The mean over them, by layer.</param>
public sealed record TokenClassEffect(string Tokens, IReadOnlyList<double> ByLayer);

/// <summary>Which states bring the answer back.</summary>
public sealed record CausalTracingFinding : Finding
{
    private static readonly string[] Classes = ["first subject token", "middle subject tokens", "last subject token", "first token after", "further tokens", "last token"];

    /// <summary>What was asked.</summary>
    public required CausalTracing Request { get; init; }

    /// <summary>The tokens of the text.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The positions that got noise.</summary>
    public required IReadOnlyList<int> Subject { get; init; }

    /// <summary>The token followed.</summary>
    public required string Answer { get; init; }

    /// <summary>Standard deviation of the numbers of the embedding matrix.</summary>
    public required double Spread { get; init; }

    /// <summary>Probability of the answer without noise.</summary>
    public required double Clean { get; init; }

    /// <summary>Probability of the answer with noise, by draw.</summary>
    public required IReadOnlyList<double> Corrupted { get; init; }

    /// <summary>Indirect effects: what restoring a state adds to the probability with noise, [layer][position], mean over draws; 0 before the subject.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Effects { get; init; }

    /// <summary>The total effect: how much probability the noise takes away, mean over draws.</summary>
    public double TotalEffect => Clean - Corrupted.Average();

    /// <summary>The mean effects by kind of token.</summary>
    public IReadOnlyList<TokenClassEffect> ByClass => Average([this]);

    /// <summary>The average indirect effect over several texts, by kind of token and layer (Meng et al. 2022, figure 2); kinds that no text has are left out.</summary>
    /// <param name="findings">Findings on one model.</param>
    public static IReadOnlyList<TokenClassEffect> Average(IReadOnlyList<CausalTracingFinding> findings)
    {
        List<TokenClassEffect> effects = [];
        for (int kind = 0; kind < Classes.Length; kind++)
        {
            (CausalTracingFinding Finding, int[] Positions)[] with =
            [
                .. findings.Select(finding => (finding, Enumerable.Range(finding.Subject[0], finding.Tokens.Count - finding.Subject[0]).Where(p => finding.ClassOf(p) == kind).ToArray()))
                    .Where(entry => entry.Item2.Length > 0),
            ];
            if (with.Length > 0)
            {
                effects.Add(new(Classes[kind], [.. findings[0].Effects.Select((_, layer) => with.Average(entry => entry.Positions.Average(p => entry.Finding.Effects[layer][p])))]));
            }
        }

        return effects;
    }

    /// <inheritdoc/>
    public override string Headline
    {
        get
        {
            (int layer, int position, double effect) = Ranked[0];
            string total = FormattableString.Invariant($"Noise on '{SubjectText}' takes '{Answer}' from {Clean:0.000} to {Corrupted.Average():0.000}");
            return effect <= 0
                ? $"{total}; no single state brings it back"
                : FormattableString.Invariant($"{total}; restoring {What} at layer {layer}, '{Tokens[position].Trim()}' ({position}) brings back {effect:0.000}, more than any other");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new HeatMapView($"What restoring {What} brings back", [.. Effects.Select((_, layer) => $"{layer}")], [.. Tokens.Select((token, position) => Subject.Contains(position) ? token + "*" : token)], Effects)
        {
            RowAxis = "layer",
            ColumnAxis = "token (* with noise)",
            Unit = $"probability of '{Answer}'",
            Diverging = true,
            Caption = FormattableString.Invariant(
                $"{Clean:0.000} without noise; with it {SampleSummary.Of(Corrupted, Request.Seed)} over draws, of {Request.Noise:0.##} standard deviations of the embedding matrix ({Spread:0.####}).{SeveredNote}"),
        },
        new LinesView("By kind of token", [.. Effects.Select((_, layer) => (double)layer)], [.. ByClass.Select(entry => new Line(entry.Tokens, entry.ByLayer))])
        {
            XAxis = "layer",
            YAxis = $"probability of '{Answer}' brought back",
        },
        new TableView("States that bring most back", ["layer", "token", "position", "indirect effect"],
            [.. Ranked.Take(Request.Top).Select(entry => (IReadOnlyList<object>)[entry.Layer, Tokens[entry.Position], entry.Position, entry.Effect])])
        {
            Caption = FormattableString.Invariant($"The total effect of the noise is {TotalEffect:0.000}."),
        },
    ];

    private IReadOnlyList<(int Layer, int Position, double Effect)> Ranked =>
        [.. Effects.SelectMany((row, layer) => row.Select((effect, position) => (layer, position, effect)).Skip(Subject[0])).OrderByDescending(entry => entry.effect)];

    private string SubjectText => string.Concat(Subject.Select(position => Tokens[position])).Trim();

    private string What => Request.Over switch
    {
        TracedState.Attention => $"attention in {Request.Window} layers",
        TracedState.Mlp => $"MLPs in {Request.Window} layers",
        _ => "the residual stream",
    };

    private string SeveredNote => Request.Severed == SeveredPart.None
        ? ""
        : $" {(Request.Severed == SeveredPart.Mlp ? "MLPs" : "Attention layers")} after the restored state stay as they were with noise, at its position.";

    /// <summary>An index into <see cref="Classes"/>; of a subject named twice, the later tokens decide where it ends.</summary>
    private int ClassOf(int position)
    {
        int last = Subject[^1];
        return position == Tokens.Count - 1 ? 5
            : position == last ? 2
            : position == Subject[0] ? 0
            : Subject.Contains(position) ? 1
            : position == last + 1 ? 3
            : 4;
    }
}
