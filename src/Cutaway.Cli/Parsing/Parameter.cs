namespace Cutaway.Cli.Parsing;

/// <summary>An option or an argument of a command, as it is parsed and as <c>--help</c> shows it.</summary>
/// <param name="Name">In kebab case, without dashes.</param>
/// <param name="Hint">What a value is, such as <c>FILE</c> or <c>all|last</c>; empty for a flag, which takes none.</param>
/// <param name="Help">A few words.</param>
internal sealed record Parameter(string Name, string Hint, string Help)
{
    /// <summary>Whether it is given by its place rather than by its name.</summary>
    public bool IsArgument { get; init; }

    /// <summary>Whether it may be given more than once.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether the command cannot do without it.</summary>
    public bool Required { get; init; }

    /// <summary>The option that may be given in its place, or null: without that, a single word is this argument.</summary>
    public string? Unless { get; init; }

    /// <summary>The value where the option stands alone, or null where it must have one.</summary>
    public string? Alone { get; init; }

    /// <summary>
    /// How the next word must end to be the value of an option that may stand alone; any other value is joined with
    /// <c>=</c>, because the next word may be a prompt.
    /// </summary>
    public string Ending { get; init; } = "";

    /// <summary>The default as text, or null.</summary>
    public string? Default { get; init; }

    /// <summary>The heading it stands under in help.</summary>
    public string Heading { get; init; } = "Options";

    /// <summary>The allowed range as text, or null.</summary>
    public string? Range { get; init; }

    /// <summary>Whether it is a yes or no.</summary>
    public bool IsFlag => Hint.Length == 0;

    /// <summary>As a user writes it: <c>--top</c>, or <c>PROMPT</c>.</summary>
    public string Display => IsArgument ? Name.ToUpperInvariant() : "--" + Name;
}
