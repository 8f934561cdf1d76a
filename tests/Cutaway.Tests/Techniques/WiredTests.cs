using Cutaway.Organisms;
using Cutaway.Techniques.Causes;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;

namespace Cutaway.Tests.Techniques;

/// <summary>Techniques on the embedded model, whose mechanism is known: what they find must be what was wired.</summary>
public sealed class WiredTests
{
    private static readonly LanguageModel Model = LanguageModel.Load("wired");
    private static readonly LanguageModel Exact = LanguageModel.Load("wired", DType.Float64);

    [Theory]
    [InlineData("name-mover", "moves ' Mary', which it looks at")]
    [InlineData("negative-name-mover", "suppresses ' Mary', which it looks at")]
    [InlineData("s-inhibition", "reads the repeated ' John' (as S-inhibition heads do)")]
    [InlineData("duplicate-token", "duplicate-token head")]
    [InlineData("previous-token", "previous-token head")]
    [InlineData("induction", "induction head")]
    public void Explain_without_arguments_names_each_wired_head(string wired, string found)
    {
        ExplainFinding finding = new Explain().Run(Model);
        HeadRole role = Assert.Single(finding.Roles, role => role.Role == found);
        Assert.Equal(WiredCircuit.Load().Role(wired).Node, role.Head);
    }

    [Fact]
    public void Explain_names_no_idle_head()
    {
        string[] idle = [.. WiredCircuit.Load().Heads.Where(head => head.Circuits.Count == 0).Select(head => head.Node)];
        Assert.NotEmpty(idle);
        Assert.DoesNotContain(new Explain().Run(Model).Roles, role => idle.Contains(role.Head));
    }

    [Fact]
    public void The_answer_comes_from_Mary_alone_and_by_the_two_heads_that_write_it()
    {
        AttributionFinding finding = new DirectLogitAttribution(Explain.DefaultPrompt, " Mary", " John").Run(Model);
        Assert.Equal(finding.Logit, finding.Sum, 1e-4);
        int mary = finding.Tokens.ToList().IndexOf(" Mary");
        Assert.All(finding.Sources.Select((value, source) => (value, source)).Where(entry => entry.source != mary), entry => Assert.Equal(0, entry.value, 0.1));
        Assert.Equal(
            new[] { "name-mover", "negative-name-mover" }.Select(role => $"head {WiredCircuit.Load().Role(role).Node}"),
            finding.Ranked.Take(2).Select(entry => entry.Part));
    }

    [Fact]
    public void Anatomy_needs_no_arguments() => Assert.InRange(new Anatomy().Run(Model).SumError, 0, 1e-6);

    [Fact]
    public void Attribution_patching_ranks_the_heads_of_the_circuit_first_and_the_idle_ones_at_nothing()
    {
        AttributionPatchingFinding finding = new AttributionPatching(Top: 9).Run(Exact);
        WiredCircuit circuit = WiredCircuit.Load();
        string[] expected = [.. new[] { "name-mover", "negative-name-mover", "s-inhibition", "duplicate-token" }.Select(role => $"head {circuit.Role(role).Node}")];
        Assert.Equal(expected, finding.Ranked.Take(4).Select(place => place.Place));
        Assert.All(finding.Ranked.Skip(4), place => Assert.Equal(0, place.Effect, 1e-4));
    }

    // Patterns of wired are saturated: plain gradients at queries all but vanish, and the fix finds their whole effect.
    [Fact]
    public void Atp_star_finds_the_queries_that_plain_gradients_miss()
    {
        AtpStarFinding finding = new AtpStar(Verify: 4).Run(Exact);
        AtpPart queries = finding.Ranking.Single(part => part.Part == $"head-q of head {WiredCircuit.Load().Role("name-mover").Node}");
        Assert.Equal(queries.Exact!.Value, queries.Estimate, 0.1);
        Assert.True(Math.Abs(queries.Plain) < 0.01 * Math.Abs(queries.Estimate), $"{queries.Plain}");
    }

    [Fact]
    public void Edges_that_score_are_edges_of_the_circuit_and_put_together_do_all_it_does()
    {
        EdgeFinding finding = new EdgeAttributionIntegratedGradients().Run(Exact);
        HashSet<string> wired = [.. WiredCircuit.Load().Edges.Select(edge => $"{Node(edge.From)}→{Node(edge.To)}{(edge.Via is null ? "" : $"<{edge.Via}>")}")];
        Assert.All(finding.Scores.Ranked().Where(edge => Math.Abs(edge.Score) > 1e-6), edge => Assert.Contains(edge.Name, wired));
        Assert.Equal(1, finding.Faithfulness, 0.01);
        Assert.Equal(["a0.h1", "a1.h1", "a2.h0", "a2.h1"], finding.Edges.Where(edge => Math.Abs(edge.Score) > 1e-3).Select(edge => edge.Source.Name).Where(name => name != "input").Distinct().Order(StringComparer.Ordinal));

        static string Node(string name) => name is "embed" or "pos_embed" ? "input" : name == "logits" ? name : $"a{name.Replace(".", ".h", StringComparison.Ordinal)}";
    }

    [Fact]
    public void A_patched_run_is_split_into_what_its_parts_write_and_what_was_put_in()
    {
        // The name mover's whole layer as on the corrupted prompt: the answer's sign turns, and the heads' parts say so.
        DirectLogitAttribution request = new(Explain.DefaultPrompt, " Mary", " John", Corrupt: "When Mary and John went to the store, Mary gave a drink to");
        AttributionFinding heads = (request with { Patch = ["blocks.2.attn.hook_z"] }).Run(Exact);
        Assert.Equal(-16, heads.Logit, 0.1);
        Assert.Equal(heads.Logit, heads.Biases.Sum(bias => bias.Value) + heads.Embedding + heads.PositionEmbedding + heads.Heads.Sum(row => row.Sum()), 1e-9);
        Assert.Equal(0, heads.Biases[^1].Value, 1e-9);

        // Put into the stream as a whole, no head has written it.
        AttributionFinding stream = (request with { Patch = ["blocks.2.hook_resid_post"] }).Run(Exact);
        Assert.Equal(heads.Logit, stream.Logit, 1e-6);
        Assert.True(stream.Biases[^1].Value < -16, $"{stream.Biases[^1].Value}");
        Assert.Throws<CutawayException>(() => request.Run(Exact));
    }
}
