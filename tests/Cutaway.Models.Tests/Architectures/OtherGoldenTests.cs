using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>T5's two stacks, ViT and CLIP against what Hugging Face computes on tiny random checkpoints.</summary>
public sealed class OtherGoldenTests
{
    [SkippableTheory]
    [InlineData("t5")]
    [InlineData("vit")]
    [InlineData("clip")]
    public void States_patterns_and_ends_equal_the_reference_in_both_precisions(string family)
    {
        ParityGroup[] groups = [.. GoldenFolder.Compare(Fixtures.Shared("goldens", "architectures", family))];
        Assert.Equal(["output", "float64"], groups.Select(group => group.Name));
        Assert.All(groups, group => Assert.NotEmpty(group.Comparisons));
        Closeness.Require(groups.SelectMany(group => group.Comparisons).Select(comparison => comparison.Fault));
    }
}
