using System.Globalization;
using Cutaway.Cli.Output;

namespace Cutaway.Cli.Parsing;

/// <summary>One call of a command: what it was given, where its output goes, and what ends it early.</summary>
/// <param name="Command">The command.</param>
/// <param name="Values">Texts by parameter name.</param>
/// <param name="Terminal">Where output goes.</param>
/// <param name="Cancellation">Cancels the call.</param>
internal sealed record Invocation(
    Command Command, IReadOnlyDictionary<string, IReadOnlyList<string>> Values, Terminal Terminal, CancellationToken Cancellation)
{
    /// <summary>Whether a flag was given.</summary>
    public bool Has(string name) => Values.ContainsKey(name);

    /// <summary>The text of a parameter, or null where it was not given.</summary>
    public string? Text(string name) => Values.TryGetValue(name, out IReadOnlyList<string>? texts) ? texts[0] : null;

    /// <summary>The texts of a parameter that may be given more than once.</summary>
    public IReadOnlyList<string> Texts(string name) => Values.GetValueOrDefault(name, []);

    /// <summary>A whole number from 1 up, or null where it was not given.</summary>
    /// <exception cref="CutawayException">The text is no such number.</exception>
    public int? Count(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw CutawayException.Usage($"--{name}: '{text}' is not a whole number from 1 up");
    }

    /// <summary>One of some names; the first where it was not given.</summary>
    /// <exception cref="CutawayException">The text is none of them.</exception>
    public string Choice(string name, params ReadOnlySpan<string> choices)
    {
        if (Text(name) is not { } text)
        {
            return choices[0];
        }

        foreach (string choice in choices)
        {
            if (string.Equals(choice, text, StringComparison.OrdinalIgnoreCase))
            {
                return choice;
            }
        }

        throw CutawayException.Usage($"--{name}: '{text}' is not one of {string.Join(", ", choices.ToArray())}");
    }
}
