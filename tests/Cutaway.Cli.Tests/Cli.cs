using System.Text;
using Cutaway.Cli.Output;

namespace Cutaway.Cli.Tests;

/// <summary>Runs command lines in this process.</summary>
internal static class Cli
{
    /// <summary>The sentence that the embedded model was made for.</summary>
    public const string Sentence = "When Mary and John went to the store, John gave a drink to";

    /// <summary>Runs a command line and gives what it wrote.</summary>
    public static Outcome Run(params string[] args) => Run(CancellationToken.None, args);

    /// <inheritdoc cref="Run(string[])"/>
    public static Outcome Run(CancellationToken cancellation, params string[] args)
    {
        using MemoryStream output = new();
        using StringWriter error = new();
        int code = CommandLine.Run(args, new Terminal(output, error) { Width = () => 80 }, cancellation);
        return new Outcome(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}

/// <summary>What a command line left behind.</summary>
internal sealed record Outcome(int Code, string Output, string Error);
