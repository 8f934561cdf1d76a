using Cutaway.Cli.Parsing;
using Cutaway.Techniques;

namespace Cutaway.Cli.Commands;

/// <summary>The commands there are: one a technique, and those of the instrument itself.</summary>
internal static class AllCommands
{
    /// <summary>The heading of the commands that are no techniques.</summary>
    public const string Instrument = "The instrument itself";

    private static readonly string[] Own = ["run", "train", "tokenize", "embed", "hooks", "parity", "model list", "model pull", "model show", "model save", "model verify", "model remove"];

    /// <summary>All commands in the order of the overview.</summary>
    public static IReadOnlyList<Command> List() =>
        [.. TechniqueCatalogue.Default.Techniques.Select(TechniqueCommand.Of), .. Own.Select(name => TryFind(name)!)];

    /// <summary>The command of a name, or null. Techniques are looked through only if the name is none of the instrument's own.</summary>
    public static Command? TryFind(string name) => name switch
    {
        "run" => RunCommand.Create(),
        "train" => TrainCommand.Create(),
        "tokenize" => TokenizeCommand.Create(),
        "embed" => EmbedCommand.Create(),
        "hooks" => HooksCommand.Create(),
        "parity" => ParityCommand.Create(),
        "model list" => ModelListCommand.Create(),
        "model pull" => ModelPullCommand.Create(),
        "model show" => ModelShowCommand.Create(),
        "model save" => ModelSaveCommand.Create(),
        "model verify" => ModelVerifyCommand.Create(),
        "model remove" => ModelRemoveCommand.Create(),
        _ => TechniqueCatalogue.Default.TryFind(name) is { } technique ? TechniqueCommand.Of(technique) : null,
    };

    /// <summary>How many of some words are a command's name: two for <c>model list</c>, else one.</summary>
    public static int WordsOfName(IReadOnlyList<string> words) => words.Count > 1 && Own.Contains($"{words[0]} {words[1]}") ? 2 : 1;

    /// <summary>The commands whose name begins with a word, such as those of <c>model</c>; none where the word is a command itself.</summary>
    public static IReadOnlyList<Command> Family(string word) =>
        [.. Own.Where(name => name.StartsWith(word + ' ', StringComparison.Ordinal)).Select(name => TryFind(name)!)];

    /// <summary>The command of a name.</summary>
    /// <exception cref="CutawayException">There is none; the message lists the nearest names.</exception>
    public static Command Find(string name) => TryFind(name)
        ?? throw CutawayException.Usage(
            $"there is no command '{name}'{NearNames.Suggest(name, [.. Own, .. TechniqueCatalogue.Default.Techniques.Select(technique => technique.Name)])}");
}
