using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Organisms;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques.Causes;

public sealed class PathPatchingTests
{
    private static readonly int[][] TwoClean = [[3, 7, 11, 5], [1, 2, 8, 9]];
    private static readonly int[][] TwoCorrupt = [[3, 17, 11, 5], [1, 2, 18, 19]];

    [Theory]
    [InlineData(PathKind.ThroughMlps, 0)]
    [InlineData(PathKind.Direct, 18)]
    public void Paths_to_the_logits_equal_the_golden(PathKind path, int offset)
    {
        EdgePairs golden = new();
        PathPatchingFinding finding = new PathPatching(Path: path).Run(golden.Model, golden.Pairs, golden.Metric);
        Golden.AssertClose(golden.Values["path_to_logits"][offset..(offset + 18)], [.. finding.Changes.Select(row => row[0])], 2e-6, $"{path}");
        Assert.Equal(golden.Clean, finding.Clean, 1e-6);
        Assert.Equal(golden.Corrupt, finding.Corrupt, 1e-6);
    }

    [Fact]
    public void Paths_to_the_queries_of_a_head_equal_the_golden()
    {
        EdgePairs golden = new();
        PathPatchingFinding finding = new PathPatching(Receivers: ["2.1.q"]).Run(golden.Model, golden.Pairs, golden.Metric);
        Golden.AssertClose(golden.Values["path_to_receiver"], [.. finding.Changes.Take(12).Select(row => row[0])], 2e-6, "queries of 2.1");
        Assert.All(finding.Changes.Skip(12), row => Assert.Equal(double.NaN, row[0]));
    }

    // TransformerLens patches the product of the difference and the weights; here the norm's scale is held, and the run does it.
    [Theory]
    [InlineData("q", ProcessingSteps.Defaults)]
    [InlineData("k", ProcessingSteps.Defaults)]
    [InlineData("v", ProcessingSteps.Defaults)]
    [InlineData("q", ProcessingSteps.None)]
    [InlineData("v", ProcessingSteps.None)]
    public void Linear_paths_to_every_head_equal_the_golden_on_processed_and_on_raw_weights(string port, ProcessingSteps steps)
    {
        Golden golden = new("transformerlens", "patching_all_default");
        LanguageModel model = TestModels.TinyGpt2(steps, DType.Float64);
        int[] answers = [.. golden.Integers("answers").Select(id => (int)id)];
        PairBatch pairs = PairBatch.Encode(model, Enumerable.Range(0, 2).Select(i => new PromptPair(
            Row(golden, "clean_tokens", i), Row(golden, "corrupted_tokens", i), $" w{answers[2 * i]}", $" w{answers[(2 * i) + 1]}")).ToArray());
        PathPatchingFinding finding = new PathPatching(Senders: ["0.3"], Receivers: [port], Each: PathSplit.Receiver, Path: PathKind.Linear, Direction: PatchDirection.Denoising)
            .Run(model, pairs, new LogitDifference(pairs.Answers, pairs.Versus));
        double[] expected = golden[$"direct_path.{port}.src_0_3"];
        double[] actual = [.. finding.Scores[0].Select(score => double.IsNaN(score) ? 0 : score)];
        Golden.AssertClose(expected, actual, 5e-5, port);
    }

    [Theory]
    [InlineData(PathKind.ThroughMlps)]
    [InlineData(PathKind.Direct)]
    [InlineData(PathKind.Linear)]
    public void All_writers_together_send_the_corrupted_answer_of_an_attention_only_model(PathKind path)
    {
        LanguageModel model = TestModels.Random(config => TestModels.Plain(config) with { DMlp = 0, Norm = path == PathKind.Linear ? NormKind.None : NormKind.Layer });
        PairBatch pairs = Pairs(model);
        PathPatchingFinding all = new PathPatching(Senders: ["all"], Each: PathSplit.None, Path: path).Run(model, pairs, Metric(pairs));
        Assert.Equal(all.Corrupt - all.Clean, all.Changes[0][0], 1e-10);
        Assert.NotEqual(0, all.Changes[0][0], 1e-3);
    }

    [Fact]
    public void Nothing_is_sent_where_sender_and_prompt_are_the_same()
    {
        LanguageModel model = TestModels.Random(TestModels.Plain);
        PairBatch pairs = PairBatch.Encode(model, new PromptPair(Cutaway.Prompt.FromIds([3, 7, 11, 5]), Cutaway.Prompt.FromIds([3, 7, 11, 6]), " w1", " w2"));
        PathPatchingFinding finding = new PathPatching(Senders: ["all"], Receivers: ["all"], Each: PathSplit.Pair, Positions: [0]).Run(model, pairs, Metric(pairs));
        int[] parts = [.. Enumerable.Range(0, finding.Columns.Count).Where(j => finding.Columns[j][0].Node != EdgeNode.Logits)];
        Assert.All(finding.Changes, row => Assert.All(parts, column => Assert.True(double.IsNaN(row[column]) || row[column] == 0)));
    }

    [Fact]
    public void Linear_paths_of_several_senders_add_up()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = Pairs(model);
        PathPatching request = new(Senders: ["all"], Path: PathKind.Linear);
        PathPatchingFinding apart = request.Run(model, pairs, Metric(pairs));
        PathPatchingFinding together = (request with { Each = PathSplit.None }).Run(model, pairs, Metric(pairs));
        Assert.Equal(together.Changes[0][0], apart.Changes.Sum(row => row[0]), 1e-10);
    }

    [Fact]
    public void Pairs_equal_the_same_paths_by_themselves()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = Pairs(model);
        PathPatchingFinding grid = new PathPatching(Senders: ["all"], Receivers: ["heads", "mlps"], Each: PathSplit.Pair).Run(model, pairs, Metric(pairs));
        for (int column = 0; column < grid.Columns.Count; column++)
        {
            EdgeDestination receiver = grid.Columns[column][0];
            PathPatchingFinding one = new PathPatching(Senders: ["all"], Receivers: [receiver.Name]).Run(model, pairs, Metric(pairs));
            Assert.Equal(one.Changes.Select(row => row[0]), grid.Changes.Select(row => row[column]));
        }

        Assert.Equal(8 + 4 + 4 + 2, grid.Columns.Count);
    }

    [Fact]
    public void On_wired_the_strongest_paths_are_edges_of_the_known_circuit()
    {
        LanguageModel model = LanguageModel.Load("wired");
        WiredCircuit circuit = WiredCircuit.Load();
        PathPatchingFinding toLogits = new PathPatching().Run(model);
        (string Name, double Change)[] heads = [.. toLogits.Ranked.Select(cell => (Node(toLogits.Rows[cell.Row][0]), cell.Change))];
        Assert.Equal(new[] { "name-mover", "negative-name-mover" }.Select(role => circuit.Role(role).Node), heads.Take(2).Select(head => head.Name));
        Assert.All(heads.Skip(2), head => Assert.Equal(0, head.Change, 0.05));

        PathPatchingFinding all = new PathPatching(Senders: ["heads"], Receivers: ["heads"], Each: PathSplit.Pair).Run(model);
        HashSet<string> known = [.. circuit.Edges.Where(edge => edge.Circuits.Contains("indirect-object")).Select(edge => $"{edge.From} {edge.To} {edge.Via}")];
        foreach ((int row, int column, double change) in all.Ranked)
        {
            EdgeDestination to = all.Columns[column][0];
            string port = to.Port switch { EdgePort.Query => "q", EdgePort.Key => "k", _ => "v" };
            string edge = $"{Node(all.Rows[row][0])} {to.Layer}.{to.Head} {port}";
            Assert.True(Math.Abs(change) < 0.05 || known.Contains(edge), $"{edge} changes the answer by {change}");
        }

        Assert.Equal("1.1 2.0 q", Edge(all, 0));
    }

    [Fact]
    public void Strong_paths_are_drawn_with_the_inputs_they_enter_and_idle_ones_are_not()
    {
        PathPatchingFinding finding = new PathPatching(Senders: ["heads"], Receivers: ["heads", "logits"], Each: PathSplit.Pair).Run(LanguageModel.Load("wired"));
        GraphView graph = Assert.Single(finding.Views.OfType<GraphView>());
        Assert.Equal(["0.1", "1.1", "2.0", "2.1", "logits"], graph.Nodes.Select(node => node.Label));
        Assert.Equal(graph.Nodes.Max(node => node.Layer), graph.Nodes[^1].Layer);
        Assert.Contains(graph.Edges, edge => (edge.From, edge.To, edge.Label) == ("a1.h1", "a2.h0", "q"));
        Assert.Equal(["0.1", "1.1 (q) -1.250"], new[] { ViewTable.Of(graph).Rows[0][0], ViewTable.Of(graph).Rows[2][1] });
    }

    [Theory]
    [InlineData("9.1", null, "'9.1': there are layers 0 to 1")]
    [InlineData("1.7", null, "'1.7': a layer has heads 0 to 3")]
    [InlineData("head", null, "'head' sends nothing")]
    [InlineData(null, "1.2.k", "'1.2.k': a layer has heads 0 to 1 of keys, each read by 2 heads of queries; head 2 reads 1")]
    [InlineData(null, "embed", "'embed' receives nothing")]
    [InlineData(null, "all", "the logits and parts before them receive in different runs")]
    public void Ends_that_are_not_there_are_refused(string? sender, string? receiver, string message)
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = Pairs(model);
        PathPatching request = new(Senders: sender is null ? null : [sender], Receivers: receiver is null ? null : [receiver]);
        CutawayException error = Assert.Throws<CutawayException>(() => request.Run(model, pairs, Metric(pairs)));
        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Positions_are_refused_where_nothing_but_the_logits_receives()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = Pairs(model);
        CutawayException error = Assert.Throws<CutawayException>(() => new PathPatching(Positions: [0]).Run(model, pairs, Metric(pairs)));
        Assert.Contains("the logits receive at the last position", error.Message, StringComparison.Ordinal);
    }

    private static string Node(EdgeSource sender) => $"{sender.Layer}.{sender.Head}";

    private static string Edge(PathPatchingFinding finding, int rank)
    {
        (int row, int column, _) = finding.Ranked[rank];
        EdgeDestination to = finding.Columns[column][0];
        return $"{Node(finding.Rows[row][0])} {to.Layer}.{to.Head} {(to.Port == EdgePort.Query ? "q" : to.Port == EdgePort.Key ? "k" : "v")}";
    }

    private static PairBatch Pairs(LanguageModel model) => PairBatch.Encode(model, TwoClean.Zip(TwoCorrupt, (clean, corrupt) =>
        new PromptPair(Cutaway.Prompt.FromIds(clean), Cutaway.Prompt.FromIds(corrupt), " w1", " w2")).ToArray());

    private static LogitDifference Metric(PairBatch pairs) => new(pairs.Answers, pairs.Versus);

    private static Prompt Row(Golden golden, string name, int row) => Cutaway.Prompt.FromIds([.. golden.Integers(name).Skip(10 * row).Take(10).Select(id => (int)id)]);
}
