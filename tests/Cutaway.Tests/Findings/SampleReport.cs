using Cutaway.Findings;

namespace Cutaway.Tests.Findings;

/// <summary>A report of the size that a small chat model gives: 30 layers of 9 heads over 15 tokens. The numbers are invented.</summary>
internal static class SampleReport
{
    private const int Layers = 30;
    private const int Heads = 9;

    public static readonly string[] Tokens =
        ["<|im_start|>", "When", " Mary", " and", " John", " went", " to", " the", " store", ",", " John", " gave", " a", " drink", " to"];

    private static readonly string[] LayerLabels = [.. Enumerable.Range(0, Layers).Select(i => $"{i}")];
    private static readonly string[] HeadLabels = [.. Enumerable.Range(0, Heads).Select(i => $"{i}")];
    private static readonly int Last = Tokens.Length - 1;

    /// <summary>All sections, in the order of reading.</summary>
    public static IReadOnlyList<Finding> Findings() =>
        [Lens(), Attribution(), Patterns(), Detector(), Ablation(), Memory(), Circuit(), Continuation()];

    private static Sample Lens()
    {
        string[] words = [" the", " a", " her", " him", " store", " them", " go", " school", "\n", " John"];
        return Found("logit-lens", "“ Mary” is the first guess from layer 24 on; until then it is “ the”.", [
            new HeatMapView("What each layer would say", LayerLabels, Tokens, Grid(Layers, Tokens.Length, (i, j) => Math.Clamp(0.03 * i * (0.4 + Math.Abs(Noise(i, j))), 0.01, 1)))
            {
                RowAxis = "layer", ColumnAxis = "token", Unit = "probability",
                CellText = [.. Enumerable.Range(0, Layers).Select(i => (string[])[.. Tokens.Select((_, j) =>
                    i >= 24 && j == Last ? " Mary" : words[(j * 3 + i / 6 + (int)(4 * Math.Abs(Noise(i, j)))) % words.Length])])],
                Caption = "The most probable next token if the network stopped here, coloured by its probability.",
            },
            new LinesView("The two names, layer by layer", [.. Enumerable.Range(0, Layers).Select(i => (double)i)], [
                new Line(" Mary", Curve(i => 0.72 / (1 + Math.Exp(-(i - 24) / 1.1)))),
                new Line(" John", Curve(i => 0.21 * Math.Exp(-Math.Pow(i - 23, 2) / 18))),
                new Line(" the", Curve(i => i > 20 ? double.NaN : 0.1 * Math.Exp(-Math.Pow(i - 14, 2) / 30))),
            ])
            { XAxis = "layer", YAxis = "probability", Caption = "“ Mary” overtakes “ John” in layer 23." },
        ]);
    }

    private static Sample Attribution()
    {
        double[][] heads = Grid(Layers, Heads, (i, j) => (0.7 * Noise(i, j) * Math.Exp(-Math.Pow(i - 24, 2) / 40)) + (i == 23 && j == 3 ? 3.1 : i == 27 && j == 0 ? 1.6 : 0));
        string[] parts = ["23.3", "27.0", "21.7", "mlp 29", "mlp 28", "25.4", "24.0", "22.2", "embedding", "18.6", "mlp 23", "26.1", "mlp 26", "24.8"];
        double[] values = [3.214, 1.871, 1.402, 0.96, 0.41, 0.333, 0.21, 0.12, 0.02, -0.07, -0.27, -0.5, -0.81, -1.45];
        return Found("direct-logit-attribution", "Head 23.3 writes most of the answer: +3.2 of the 4.9 logits by which “ Mary” beats “ John”.", [
            new BarsView("Head 23.3 writes the answer", parts, values)
            {
                Unit = "logit difference", Caption = "Direct contribution of each part to the logit of “ Mary” minus that of “ John”. The parts sum to the difference.",
            },
            new HeatMapView("Every head", LayerLabels, HeadLabels, heads)
            {
                RowAxis = "layer", ColumnAxis = "head", Unit = "logit difference", Diverging = true, Caption = "Orange pushes towards the answer, blue away from it.",
            },
            new TokensView("Through which token", Tokens, [0.1, 0.02, 2.9, -0.05, -1.2, 0.02, 0, 0, 0.3, 0, -0.9, 0.2, 0, 0.25, 0.8])
            {
                Unit = "logit difference", Notes = [.. Tokens.Select((_, i) => $"most through head 23.{i % Heads}")], Caption = "What each source token contributes through attention.",
            },
        ]);
    }

    private static Sample Patterns() => Found("attention-patterns", "Head 23.3 looks from the last token to “ Mary” with weight 0.74.", [
        new AttentionView("Every head's pattern", Tokens, [.. Enumerable.Range(0, Layers).SelectMany(layer => Enumerable.Range(0, Heads).Select(head => Pattern(layer, head)))])
        {
            Caption = "Rows are the reading tokens, columns the tokens they read from; each row sums to one.",
        },
    ]);

    private static Sample Detector()
    {
        double[][] scores = Grid(Layers, Heads, (i, j) => i == 18 && j == 6 ? 0.91 : Math.Pow(Math.Abs(Noise(i, j + 40)), 6) * 0.8);
        string[] kinds = ["induction", "previous token", "duplicate token"];
        return Found("head-detector", "18.6 and 21.3 are induction heads; 5.0 looks at the previous token.", [
            new HeatMapView("Induction score of every head", LayerLabels, HeadLabels, scores) { RowAxis = "layer", ColumnAxis = "head", Unit = "score" },
            new TableView("The clearest heads", ["head", "kind", "score", "repeats"],
                [.. Enumerable.Range(0, 60).Select(i => (object[])[$"{(i * 7) % Layers}.{i % Heads}", kinds[i % 3], 0.95 * Math.Exp(-i / 20.0), 64])]),
            new ScatterView("Induction and duplicate-token scores", [.. scores.SelectMany(row => row)],
                [.. Enumerable.Range(0, Layers * Heads).Select(i => Math.Pow(Math.Abs(Noise(i, 7)), 5))], [.. Enumerable.Range(0, Layers * Heads).Select(i => $"{i / Heads}.{i % Heads}")])
            { XAxis = "induction score", YAxis = "duplicate-token score", Caption = "One point a head." },
        ]);
    }

    private static Sample Ablation() => Found("ablate", "Without head 23.3 the logit difference falls from 4.90 to 1.77.", [
        new HeatMapView("Change when one head is silenced", LayerLabels, HeadLabels, Grid(Layers, Heads, (i, j) => (0.3 * Noise(i, j + 9)) - (i == 23 && j == 3 ? 3.13 : 0)))
        {
            RowAxis = "layer", ColumnAxis = "head", Unit = "change of the logit difference", Diverging = true, Caption = "Negative: the head supports the answer.",
        },
        new BarsView("Change when one MLP is silenced", [.. Enumerable.Range(0, Layers).Select(i => $"mlp {i}")], [.. Enumerable.Range(0, Layers).Select(i => i == 0 ? -4.2 : 0.6 * Noise(i, 3))])
        {
            Unit = "change of the logit difference",
        },
    ]);

    private static Sample Memory() => Found("mlp-memory", "The neurons that fire most write names and pronouns.", [
        new TableView("Strongest neurons at the last token", ["neuron", "activation", "promotes", "demotes"],
            [.. Enumerable.Range(0, 20).Select(i => (object[])[$"{29 - i}.{(i * 397) % 1536}", 9.1 - (0.3 * i), " Mary,  her,  she,  Mary's,  Marie", " the,  a, \n, ., ,"])]),
        new TextView("How to read this", "A neuron's output direction, read through the unembedding, promotes some tokens and demotes others.\n\nWhat it writes is its activation times that direction."),
    ]);

    private static Sample Circuit()
    {
        List<GraphNode> nodes = [.. Tokens.Select((token, i) => new GraphNode($"e{i}", token, 0, i, i is 2 or 4 or 10 ? 1 : 0.1))];
        List<GraphEdge> edges = [];
        for (int i = 0; i < 24; i++)
        {
            int layer = 1 + (i / 6);
            int position = i < 12 ? (i * 5) % Tokens.Length : Last;
            nodes.Add(new GraphNode($"h{i}", $"{6 * layer}.{i % Heads}", layer, position, 2 * Noise(i, 1)));
            edges.Add(new GraphEdge($"e{(i * 3) % Tokens.Length}", $"h{i}", Noise(i, 2)));
            if (layer > 1)
            {
                edges.Add(new GraphEdge($"h{i - 6}", $"h{i}", 2 * Noise(i, 4)));
            }
        }

        nodes.Add(new GraphNode("out", " Mary − John", 5, Last, 4.9));
        edges.AddRange(Enumerable.Range(18, 6).Select(i => new GraphEdge($"h{i}", "out", 3 * Noise(i, 5))));
        return Found("circuit", "Six heads carry the answer to the last token.", [
            new GraphView("The circuit", nodes, edges) { ColumnAxis = "token", Caption = "Nodes by layer, from the bottom, and by token; wider edges carry more." },
        ]);
    }

    private static Sample Continuation()
    {
        string[] words = [.. "Mary . \n He said that the drink was for her , and she took it with a smile .".Split(' ').Select(word => word is "." or "," or "\n" ? word : " " + word)];
        string[] tokens = [.. Enumerable.Range(0, 5).SelectMany(_ => words)];
        return Found("generate", "The model goes on: “ Mary. He said that the drink was for her…”", [
            new TokensView("The text, by how sure the model was", tokens, [.. tokens.Select((_, i) => Math.Abs(Noise(i, 5)))])
            {
                Unit = "probability", Notes = [.. tokens.Select((_, i) => $"also likely: “ the” {Math.Abs(Noise(i, 6)):0.00}")],
            },
        ]);
    }

    private static AttentionHead Pattern(int layer, int head) => new($"{layer}.{head}", [.. Enumerable.Range(0, Tokens.Length).Select(q =>
    {
        double[] raw = [.. Enumerable.Range(0, Tokens.Length).Select(k => k > q ? 0 : Math.Exp((layer == 23 && head == 3 && q == Last && k == 2 ? 4.5 : 0)
            + (2 * Noise((layer * 9) + head + (q * 31), k)) + (k == 0 ? 2.5 * Noise(layer, head) : 0) + (head % 4 == 1 && k == q - 1 ? 3 : 0)))];
        return (IReadOnlyList<double>)[.. raw.Select(value => value / raw.Sum())];
    })]);

    private static Sample Found(string technique, string headline, IReadOnlyList<View> views) => new(headline, views)
    {
        Provenance = new Provenance(technique, "smollm2-135m-instruct", "sha256:9f3a0c55d1e2", "float32", [], "0.1.0",
            $"LanguageModel model = LanguageModel.Load(\"smollm2-135m-instruct\");\n// {technique}", $"cutaway {technique} \"When Mary and John went to the store, John gave a drink to\" --model smollm2-135m-instruct"),
    };

    private static double[] Curve(Func<int, double> value) => [.. Enumerable.Range(0, Layers).Select(value)];

    private static double[][] Grid(int rows, int columns, Func<int, int, double> value) =>
        [.. Enumerable.Range(0, rows).Select(i => (double[])[.. Enumerable.Range(0, columns).Select(j => value(i, j))])];

    private static double Noise(int i, int j) => SampleFindings.Noise(i, j);
}
