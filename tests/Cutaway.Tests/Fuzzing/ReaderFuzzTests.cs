using Cutaway.Testing;

namespace Cutaway.Fuzzing;

/// <summary>A short run of what the bench <c>fuzz</c> does at length.</summary>
public sealed class ReaderFuzzTests
{
    private static readonly IReadOnlyList<ReaderFuzz> Readers = ReaderFuzz.All(Fixtures.Root);

    public static TheoryData<string> Names => [.. Readers.Select(reader => reader.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_files_are_read_or_refused(string name)
    {
        FuzzOutcome outcome = Readers.Single(reader => reader.Name == name).Run(600, seed: 1);
        Assert.InRange(outcome.Refused, 300, 600);
    }
}
