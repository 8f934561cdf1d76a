using Cutaway.Organisms;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;

namespace Cutaway.Tests.Techniques;

/// <summary>Techniques on the embedded model, whose mechanism is known: what they find must be what was wired.</summary>
public sealed class WiredTests
{
    private static readonly LanguageModel Model = LanguageModel.Load("wired");

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
}
