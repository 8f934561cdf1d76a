namespace Cutaway.Cli.Parsing;

/// <summary>A command: what it takes and what it does.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Group">The heading it stands under in the overview.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Parameters">Its own options and arguments.</param>
/// <param name="Run">Does it.</param>
internal sealed record Command(string Name, string Group, string Summary, IReadOnlyList<Parameter> Parameters, Action<Invocation> Run)
{
    /// <summary>Options that it shares with other commands.</summary>
    public IReadOnlyList<Parameter> Shared { get; init; } = [];

    /// <summary>Command lines to copy, without the leading <c>cutaway</c>.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Paragraphs of further help.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Everything it accepts.</summary>
    public IEnumerable<Parameter> All => Parameters.Concat(Shared);
}
