using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>Every family against what Hugging Face computes on a tiny random checkpoint (<c>tests/Goldens/architectures</c>).</summary>
public sealed class ArchitectureGoldenTests
{
    private static readonly string[] Compared = ["plain", "padded", "padded_right", "greedy", "float64", "grad"];

    // Some are copied into the repository; the others are read where they are, and skipped aloud where they are not.
    private static readonly string[] Elsewhere = ["bloom", "gpt-neo", "gpt-oss", "gptj", "mixtral", "opt", "phi", "phi3", "qwen3-moe"];

    /// <summary>The folders.</summary>
    public static TheoryData<string> Families { get; } =
        [.. Directory.GetDirectories(Fixtures.Golden("architectures")).Select(folder => Path.GetFileName(folder)).Concat(Elsewhere).Order(StringComparer.Ordinal)];

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Every_activation_of_a_plain_run_equals_the_reference(string family) => Closeness.Require(Open(family).Plain());

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Left_padded_batches_equal_the_reference(string family) => Closeness.Require(Open(family).Padded("padded"));

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Right_padded_batches_equal_the_reference(string family) => Closeness.Require(Open(family).Padded("padded_right"));

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Greedy_tokens_through_the_cache_equal_the_reference(string family) => Closeness.Require(Open(family).Greedy());

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void The_double_precision_mode_equals_the_reference_to_1e_9(string family) => Closeness.Require(Open(family).Float64());

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Gradients_of_the_loss_equal_the_reference(string family)
    {
        Closeness.Require(Open(family).Gradients<float>());
        Closeness.Require(Open(family).Gradients<double>());
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void No_group_of_reference_tensors_is_passed_over(string family) => Assert.Empty(Open(family).Groups.Except(Compared));

    private static ArchitectureGolden Open(string family) => new(Elsewhere.Contains(family) ? Fixtures.Shared("goldens", "architectures", family) : Fixtures.Golden("architectures", family));
}
