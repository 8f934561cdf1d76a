namespace Cutaway;

/// <summary>What kind of fault an error is; it decides the exit code of the command line.</summary>
public enum FaultKind
{
    /// <summary>The call itself is wrong: an unknown option, a missing argument, an invalid plan. Exit code 2.</summary>
    Usage,

    /// <summary>An input is wrong: a prompt, a file of ids, an unreadable or unwritable path. Exit code 3.</summary>
    Input,

    /// <summary>A model file, configuration or tokenizer is wrong. Exit code 4.</summary>
    Model,
}

/// <summary>An error meant for the user: it names what was wrong, where, and what to do about it.</summary>
public sealed class CutawayException : Exception
{
    private const int Longest = 1000;

    /// <summary>Creates an error of a kind with a message of one or two lines.</summary>
    /// <param name="kind">The class of the fault.</param>
    /// <param name="message">What was wrong, what was expected, and what to do.</param>
    /// <param name="inner">The cause, if another exception led here.</param>
    public CutawayException(FaultKind kind, string message, Exception? inner = null)
        : base(Printable(message), inner) => Kind = kind;

    /// <summary>The class of the fault.</summary>
    public FaultKind Kind { get; }

    /// <summary>A fault in how something was called.</summary>
    public static CutawayException Usage(string message) => new(FaultKind.Usage, message);

    /// <summary>A fault in what was given to work on.</summary>
    public static CutawayException Input(string message, Exception? inner = null) => new(FaultKind.Input, message, inner);

    /// <summary>A fault in a model's files.</summary>
    public static CutawayException Model(string message, Exception? inner = null) => new(FaultKind.Model, message, inner);

    // Messages quote files, which may hold anything: nothing of that may steer a terminal or fill it.
    private static string Printable(string message)
    {
        string text = message.Length > Longest ? message[..Longest] + "…" : message;
        return text.Any(IsControl) ? string.Concat(text.Select(character => IsControl(character) ? '?' : character)) : text;
    }

    private static bool IsControl(char character) => char.IsControl(character) && character != '\n';
}
