using System.Text.RegularExpressions;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Techniques;
using Cutaway.Testing;

namespace Cutaway.House.Tests;

/// <summary>What the documents say is tried, so that it stays true.</summary>
public sealed partial class DocumentationTests
{
    private static string Document(params string[] parts) => File.ReadAllText(Path.Combine([Fixtures.Root, .. parts]));

    [Fact]
    public void Every_plan_in_the_guide_to_interventions_runs()
    {
        LanguageModel model = LanguageModel.Load("wired");
        TokenBatch tokens = TokenBatch.Single(model.Encode("When Mary and John went to the store, John gave a drink to"));
        string[] plans = [.. JsonBlock().Matches(Document("docs", "interventions.md")).Select(match => match.Groups[1].Value)];

        Assert.Equal(3, plans.Length);
        foreach (string plan in plans)
        {
            model.Run(tokens, Plans.FromJson(plan), LogitScope.Last);
        }
    }

    [Fact]
    public void Every_technique_is_in_the_readme()
    {
        string readme = Document("README.md");

        Assert.All(TechniqueCatalogue.Default.Techniques, technique => Assert.Contains($"`{technique.Name}`", readme, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs", "architecture.md")]
    [InlineData("docs", "contributing.md")]
    [InlineData("docs", "command-line.md")]
    [InlineData("docs", "interventions.md")]
    [InlineData("docs", "performance.md")]
    public void Links_between_documents_lead_somewhere(params string[] document)
    {
        string folder = Path.GetDirectoryName(Path.Combine([Fixtures.Root, .. document]))!;
        string[] targets = [.. Link().Matches(Document(document)).Select(match => match.Groups[1].Value).Where(target => !target.Contains("://", StringComparison.Ordinal))];

        Assert.All(targets, target => Assert.True(Path.Exists(Path.Combine(folder, target)), target));
    }

    [GeneratedRegex("```json\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();
}
