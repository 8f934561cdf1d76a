using System.Reflection;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.House.Tests;

/// <summary>What the libraries show to others is written down, so that a change of it is seen in review and never happens by accident.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Cutaway.Tensors")]
    [InlineData("Cutaway.Models")]
    [InlineData("Cutaway")]
    public void The_public_API_is_the_one_written_down(string library)
    {
        string written = Path.Combine(Fixtures.Root, "tests", "Cutaway.House.Tests", "Api", library + ".txt");
        string actual = PublicApi.Of(Assembly.Load(library));
        if (Environment.GetEnvironmentVariable("CUTAWAY_ACCEPT_API") == "1")
        {
            File.WriteAllText(written, actual);
        }

        string[] expected = File.Exists(written) ? File.ReadAllLines(written) : [];
        string[] lines = actual.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string changes = string.Join('\n', lines.Except(expected).Select(line => "+ " + line).Concat(expected.Except(lines).Select(line => "- " + line)).Take(20));

        Assert.True(expected.SequenceEqual(lines), $"the public API of {library} changed; if that is meant, run the tests once with CUTAWAY_ACCEPT_API=1 and commit the difference:\n{changes}");
    }

    [Fact]
    public void The_listing_tells_a_property_that_can_be_set_from_one_that_cannot()
    {
        string listing = PublicApi.Of(typeof(Tensor).Assembly);

        Assert.Contains("    IReadOnlyList<Int32> Shape { get; }", listing, StringComparison.Ordinal);
    }
}
