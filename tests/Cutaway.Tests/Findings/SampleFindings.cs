using Cutaway.Findings;

namespace Cutaway.Tests.Findings;

/// <summary>Findings with every kind of view and awkward contents, the same numbers every time.</summary>
internal static class SampleFindings
{
    public static readonly string[] Tokens =
        ["When", " Mary", " and", " John", " went", " to", " the", " store", ",", " John", " gave", " a", " drink", " to"];

    private static readonly Provenance From = new(
        "direct-logit-attribution", "smollm2-135m-instruct", "sha256:9f3a0c55d1e2", "float32", ["fold-norm", "centre-unembedding"], "0.1.0",
        "var model = LanguageModel.Load(\"smollm2-135m-instruct\");\nvar finding = new DirectLogitAttribution(Prompt.Parse(\"When Mary…\"), Answer: \" Mary\").Run(model);",
        "cutaway direct-logit-attribution \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --model smollm2-135m-instruct")
    { Seed = 7 };

    public static Sample Attribution()
    {
        string[] names = ["23.3", "27.0", "21.7", "mlp 29", "mlp 28", "25.4", "embedding", "18.6", "mlp 26", "24.8"];
        double[] values = [3.214, 1.871, 1.402, 0.96, 0.41, 0.333, 0.02, -0.27, -0.81, -1.45];
        return new Sample("Head 23.3 writes most of the answer: +3.2 of the 4.9 logits by which “ Mary” beats “ John”.", [
            new BarsView("What writes the answer", names, values)
            {
                Unit = "logit difference",
                Caption = "Direct contribution of each part to the logit of “ Mary” minus that of “ John”. The parts sum to the difference.",
            },
            new HeatMapView("Every head", Labels("L", 30), Labels("", 9), Grid(30, 9, (i, j) => 2.4 * Noise(i, j) * Math.Exp(-Math.Pow(i - 22, 2) / 40) + (i == 23 && j == 3 ? 3 : 0)))
            {
                RowAxis = "layer", ColumnAxis = "head", Unit = "logit difference", Diverging = true, Caption = "Orange pushes towards the answer, blue away from it.",
            },
            new TokensView("By position", Tokens, [0.1, 2.9, -0.05, -1.2, 0.02, 0, 0, 0.3, 0, -0.9, 0.2, 0, 0.25, 0.8])
            {
                Unit = "logit difference", Notes = [.. Tokens.Select((_, i) => $"most through head 23.{i % 9}")], Caption = "What each source token contributes through attention.",
            },
        ])
        { Total = 4.9, Worst = double.NaN, Provenance = From };
    }

    public static Sample Lens()
    {
        string[] words = [" the", " a", " her", " him", " store", " them", " Mary", " John"];
        return new Sample("“ Mary” becomes the first guess in layer 23 and stays it.", [
            new HeatMapView("What each layer would say", Labels("L", 12), Tokens, Grid(12, Tokens.Length, (i, j) => Math.Clamp(0.08 * i * (0.4 + Math.Abs(Noise(i, j))), 0, 1)))
            {
                RowAxis = "layer", ColumnAxis = "token", Unit = "probability",
                CellText = [.. Enumerable.Range(0, 12).Select(i => (string[])[.. Tokens.Select((_, j) => words[(i * 5 + j * 3 + (int)(8 * Math.Abs(Noise(i, j)))) % words.Length])])],
                Caption = "The most probable next token if the network stopped here, coloured by its probability.",
            },
            new LinesView("The two names, layer by layer", [.. Enumerable.Range(0, 30).Select(i => (double)i)], [
                new Line("Mary", [.. Enumerable.Range(0, 30).Select(i => 0.9 / (1 + Math.Exp(-(i - 22) / 1.5)))]),
                new Line("John", [.. Enumerable.Range(0, 30).Select(i => 0.25 * Math.Exp(-Math.Pow(i - 20, 2) / 18))]),
                new Line("them", [.. Enumerable.Range(0, 30).Select(i => i == 12 ? double.NaN : 0.1 * Math.Exp(-Math.Pow(i - 14, 2) / 30))]),
            ])
            { XAxis = "layer", YAxis = "probability" },
            new ScatterView("Embeddings of the names", [.. Enumerable.Range(0, 24).Select(i => Noise(i, 1))], [.. Enumerable.Range(0, 24).Select(i => Noise(i, 2))],
                [.. Enumerable.Range(0, 24).Select(i => Tokens[i % Tokens.Length])])
            { XAxis = "first principal component", YAxis = "second principal component" },
        ])
        { Total = 1, Provenance = From with { Technique = "logit-lens", Seed = null } };
    }

    public static Sample Circuit() => new("Duplicate-token, S-inhibition and name-mover heads, wired as planned.", [
        new AttentionView("Three heads", Tokens, [Head("23.3", 13, 1), Head("18.6", 9, 4), Head("3.0", 9, 3)]) { Caption = "Patterns of the heads that matter." },
        new GraphView("The circuit",
            [
                new GraphNode("e1", " Mary", 0, 1, 0.4), new GraphNode("e3", " John", 0, 3, 0.5), new GraphNode("e9", " John", 0, 9, 0.9),
                new GraphNode("d", "0.1 duplicate token", 1, 9, 1.4), new GraphNode("p", "0.2 previous token", 1, 4, 0.2),
                new GraphNode("s", "1.0 S-inhibition", 2, 13, -1.8), new GraphNode("n", "2.0 name mover", 3, 13, 3.1), new GraphNode("m", "2.1 backup mover", 3, 13, 0.6),
                new GraphNode("out", " Mary − John", 4, 13, 4.9),
            ],
            [
                new GraphEdge("e9", "d", 1.1), new GraphEdge("e3", "d", 0.8), new GraphEdge("e3", "p", 0.2), new GraphEdge("d", "s", 1.7), new GraphEdge("s", "n", -1.5),
                new GraphEdge("e1", "n", 2.2), new GraphEdge("n", "out", 3.1), new GraphEdge("m", "out", 0.6), new GraphEdge("e1", "m", 0.5),
            ])
        { ColumnAxis = "token", Caption = "Nodes by layer, from the bottom; wider edges carry more." },
        new TableView("Head scores", ["head", "kind", "score", "n"],
            [["18.6", "induction", 0.912, 64], ["3.0", "duplicate token", 0.877, 64], ["0.2", "previous token", 0.994f, 64], ["9.9", "a <b>&\"quoted\"</b> </script>\u2028 line", double.NaN, 1]]),
        new TextView("Reading", "The duplicate-token head marks the second “ John”.\n\nThe S-inhibition head tells the name mover not to look there, so it copies “ Mary”."),
    ])
    { Total = 3, Provenance = From with { Technique = "explain" } };

    private static AttentionHead Head(string name, int from, int to) => new(name, [.. Enumerable.Range(0, Tokens.Length).Select(q =>
    {
        double[] raw = [.. Enumerable.Range(0, Tokens.Length).Select(k => k > q ? 0 : Math.Exp((q == from && k == to ? 5 : 0) + 1.5 * Noise(q + to, k) + (k == 0 ? 2 : 0)))];
        return (IReadOnlyList<double>)[.. raw.Select(value => value / raw.Sum())];
    })]);

    private static string[] Labels(string prefix, int count) => [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i}")];

    private static double[][] Grid(int rows, int columns, Func<int, int, double> value) =>
        [.. Enumerable.Range(0, rows).Select(i => (double[])[.. Enumerable.Range(0, columns).Select(j => value(i, j))])];

    // Between -1 and 1, without a pattern that the eye finds.
    public static double Noise(int i, int j)
    {
        double x = Math.Sin((12.9898 * i) + (78.233 * j) + 1) * 43758.5453;
        return (2 * (x - Math.Floor(x))) - 1;
    }
}

/// <summary>A finding made of what it is given.</summary>
internal sealed record Sample(string Sentence, IReadOnlyList<View> Shown) : Finding
{
    public override string Headline => Sentence;

    public override IReadOnlyList<View> Views => Shown;

    public IReadOnlyList<Finding> Composed { get; init; } = [];

    public override IReadOnlyList<Finding> Parts => Composed;

    public double Total { get; init; }

    public double Worst { get; init; }
}
