using Cutaway.Cli.Parsing;
using Cutaway.Techniques;

namespace Cutaway.Cli.Commands;

/// <summary>The commands there are: one a technique, and those of the instrument itself.</summary>
internal static class AllCommands
{
    /// <summary>The heading of the commands that are no techniques.</summary>
    public const string Instrument = "The instrument itself";

    private static readonly string[] Own = ["run", "train", "tokenize", "hooks", "models"];

    /// <summary>All commands in the order of the overview.</summary>
    public static IReadOnlyList<Command> List() =>
        [.. TechniqueCatalogue.Default.Techniques.Select(TechniqueCommand.Of), .. Own.Select(name => TryFind(name)!)];

    /// <summary>The command of a name, or null. Techniques are looked through only if the name is none of the instrument's own.</summary>
    public static Command? TryFind(string name) => name switch
    {
        "run" => RunCommand.Create(),
        "train" => TrainCommand.Create(),
        "tokenize" => TokenizeCommand.Create(),
        "hooks" => HooksCommand.Create(),
        "models" => ModelsCommand.Create(),
        _ => TechniqueCatalogue.Default.TryFind(name) is { } technique ? TechniqueCommand.Of(technique) : null,
    };

    /// <summary>The command of a name.</summary>
    /// <exception cref="CutawayException">There is none; the message lists the nearest names.</exception>
    public static Command Find(string name) => TryFind(name)
        ?? throw CutawayException.Usage(
            $"there is no command '{name}'{NearNames.Suggest(name, [.. Own, .. TechniqueCatalogue.Default.Techniques.Select(technique => technique.Name)])}");
}
