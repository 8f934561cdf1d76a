using System.Text;
using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Organisms;

/// <summary>The published circuit against what the model does.</summary>
public sealed class WiredCircuitTests
{
    private static readonly LanguageModel Model = LanguageModel.Load("wired");
    private static readonly WiredCircuit Circuit = WiredCircuit.Load();

    // A few of each template and order; other tests go through all pairs.
    private static readonly WiredSentence[] Sentences = [.. WiredSentence.All().Where((_, i) => i % 37 == 0)];

    [Fact]
    public void What_is_published_is_what_is_wired()
    {
        Assert.Equal(WiredCircuit.Derive().ToJson(), Circuit.ToJson());
        Assert.Equal(WiredHeads.Layers * WiredHeads.HeadsPerLayer, Circuit.Heads.Count);
        Assert.Equal(Model.Config.DModel, Circuit.Subspaces.Sum(part => part.Width));
        Assert.Equal("2.0", Circuit.Role("name-mover").Node);
        Assert.Contains("duplicate-token", Assert.Throws<CutawayException>(() => Circuit.Role("gone")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"model\":\"x\",\"subspaces\":[],\"heads\":[],\"edges\":null}")]
    [InlineData("[")]
    public void What_is_no_circuit_is_refused(string json) =>
        Assert.Equal(FaultKind.Input, Assert.Throws<CutawayException>(() => WiredCircuit.FromJson(Encoding.UTF8.GetBytes(json), "c.json")).Kind);

    [Fact]
    public void Heads_attend_where_the_circuit_says()
    {
        foreach (WiredSentence sentence in Sentences)
        {
            Run run = Model.Run(sentence.Text, Capture.All(Site.AllPatterns));
            Assert.True(Weight(run, "duplicate-token", sentence.AgainAt, sentence.SubjectAt) > 0.95);
            Assert.True(Weight(run, "duplicate-token", sentence.ReceiverAt, 0) > 0.95);
            Assert.True(Weight(run, "s-inhibition", sentence.EndAt, sentence.AgainAt) > 0.95);
            Assert.True(Weight(run, "s-inhibition", sentence.AgainAt, 0) > 0.95);
            Assert.True(Weight(run, "name-mover", sentence.EndAt, sentence.ReceiverAt) > 0.95);
            Assert.True(Weight(run, "negative-name-mover", sentence.EndAt, sentence.ReceiverAt) > 0.95);
            Assert.True(Weight(run, "name-mover", sentence.AgainAt, 0) > 0.95);
            Assert.True(Weight(run, "induction", sentence.AgainAt, sentence.SubjectAt + 1) > 0.95);
            for (int position = 1; position <= sentence.EndAt; position++)
            {
                Assert.True(Weight(run, "previous-token", position, position - 1) > 0.95);
                Assert.True(Weight(run, "current-token", position, position) > 0.95);
                Assert.True(Weight(run, "first-position", position, 0) > 0.95);
                Assert.Equal(1.0 / (position + 1), Weight(run, "diffuse", position, position), 1e-6);
            }
        }
    }

    [Theory]
    [InlineData("duplicate-token")]
    [InlineData("s-inhibition")]
    [InlineData("name-mover")]
    public void Without_a_head_of_the_circuit_the_answer_is_lost(string role)
    {
        foreach (WiredSentence sentence in Sentences)
        {
            double whole = Lead(sentence, Model.Run(sentence.Text));
            double without = Lead(sentence, Model.Run(sentence.Text, Without(role)));
            Assert.True(whole > 15 && without < 0.1, $"{sentence.Text}: {whole} and {without}");
        }
    }

    [Fact]
    public void The_negative_name_mover_speaks_against_the_answer()
    {
        foreach (WiredSentence sentence in Sentences)
        {
            Assert.Equal(4, Lead(sentence, Model.Run(sentence.Text, Without("negative-name-mover"))) - Lead(sentence, Model.Run(sentence.Text)), 0.1);
        }
    }

    [Fact]
    public void Idle_heads_change_nothing_at_all()
    {
        PlanItem[] without = [.. Circuit.Heads.Where(head => head.Circuits.Count == 0).Select(head => Without(head.Role))];
        Assert.Equal(3, without.Length);
        foreach (WiredSentence sentence in Sentences)
        {
            Assert.Equal(Model.Run(sentence.Text).Logits.ToDoubles(), Model.Run(sentence.Text, without).Logits.ToDoubles());
        }
    }

    [Fact]
    public void Every_edge_is_in_the_weights_and_no_other()
    {
        List<string> expected = [.. Circuit.Edges.Select(edge => $"{edge.From} {edge.To} {edge.Via}").Order(StringComparer.Ordinal)];
        Assert.Equal(expected, WiredWeights.Edges(Model.Network.Weights, Model.Config).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("0.1", "1.1", "k", -1, 0.1)]
    [InlineData("1.1", "2.0", "q", -5, -3)]
    [InlineData("1.1", "2.1", "q", 19, 20.1)]
    [InlineData("0.1", "1.1", "v", 15, 16.1)]
    public void Cutting_an_edge_acts_as_the_circuit_says(string from, string to, string via, double least, double most)
    {
        foreach (WiredSentence sentence in Sentences)
        {
            double lead = Lead(sentence, Model.Run(sentence.Text, Cut(sentence.Text, from, to, via)));
            Assert.True(lead >= least && lead <= most, $"{sentence.Text}: {lead}");
        }
    }

    [Fact]
    public void Cutting_where_there_is_no_edge_changes_nothing()
    {
        string text = Sentences[5].Text;
        double[] whole = Model.Run(text).Logits.ToDoubles();
        int cut = 0;
        foreach (CircuitHead from in Circuit.Heads)
        {
            foreach (CircuitHead to in Circuit.Heads.Where(to => to.Layer > from.Layer))
            {
                foreach (string via in new[] { "q", "k", "v" })
                {
                    double[] logits = Model.Run(text, Cut(text, from.Node, to.Node, via)).Logits.ToDoubles();
                    bool edge = Circuit.Edges.Any(edge => edge.From == from.Node && edge.To == to.Node && edge.Via == via);
                    double change = logits.Zip(whole, (a, b) => Math.Abs(a - b)).Max();
                    Assert.True(edge ? change > 1e-3 : change < 1e-4, $"{from.Node} to {to.Node} via {via}: {change}");
                    cut++;
                }
            }
        }

        Assert.Equal(81, cut);
    }

    [Fact]
    public void Induction_needs_its_edge()
    {
        string text = "When Mary saw the museum, Mary";
        int next = Model.SingleToken(" saw");
        Assert.True(Model.Run(text).LastLogits()[next] > 5);
        Assert.True(Model.Run(text, Cut(text, "0.0", "1.0", "k")).LastLogits()[next] < 3);
    }

    private static double Lead(WiredSentence sentence, Run run)
    {
        double[] logits = run.LastLogits();
        return logits[Model.SingleToken(sentence.Receiver)] - logits[Model.SingleToken(sentence.Subject)];
    }

    private static double Weight(Run run, string role, int query, int key)
    {
        CircuitHead head = Circuit.Role(role);
        return run[Site.Pattern(head.Layer)][0, head.Head, query, key];
    }

    private static Ablate Without(string role) => Ablate.Zero(Site.Z(Circuit.Role(role).Layer, Circuit.Role(role).Head));

    /// <summary>Takes what one head wrote out of what another reads.</summary>
    private static Add Cut(string text, string from, string to, string via)
    {
        (int fromLayer, int fromHead) = (from[0] - '0', from[2] - '0');
        (int toLayer, int toHead) = (to[0] - '0', to[2] - '0');
        Tensor result = Model.Run(text, Capture.At(Site.Result(fromLayer)))[Site.Result(fromLayer)];
        int positions = result.Extent("pos");
        int width = Model.Config.DModel;
        double[] removed = new double[positions * Model.Config.Heads * width];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < width; i++)
            {
                removed[(((position * Model.Config.Heads) + toHead) * width) + i] = result[0, position, fromHead, i];
            }
        }

        Site input = new($"blocks.{toLayer}.hook_{via}_input") { Heads = [toHead] };
        return Add.Vector(input, Tensor.Of(removed, [1, positions, Model.Config.Heads, width]), scale: -1);
    }
}
