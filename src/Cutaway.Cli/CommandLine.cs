using System.Reflection;
using Cutaway.Cli.Commands;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Planning;
using Cutaway.Training;

namespace Cutaway.Cli;

/// <summary>The command line: finds the command, runs it, and turns faults into messages and exit codes.</summary>
internal static class CommandLine
{
    private const int Unexpected = 1;
    private const int Cancelled = 130;

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The words after <c>cutaway</c>.</param>
    /// <param name="terminal">Where output goes; it is flushed and closed.</param>
    /// <param name="cancellation">Cancels the command.</param>
    /// <returns>0, or 1 unexpected, 2 usage, 3 input, 4 model, 130 cancelled.</returns>
    public static int Run(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            using (terminal)
            {
                Dispatch(args, terminal, cancellation);
                return 0;
            }
        }
        catch (Exception error) when (!args.Contains("--debug"))
        {
            (int code, string message) = Explain(error, args, cancellation);
            terminal.Error.WriteLine(message);
            return code;
        }
        catch (Exception error)
        {
            terminal.Error.WriteLine(error);
            return Explain(error, args, cancellation).Code;
        }
    }

    /// <summary>The version, such as 0.1.0.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private static void Dispatch(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation)
    {
        if (args.Count == 0 || args[0] is "--help" or "-h" || (args[0] == "help" && args.Count == 1))
        {
            HelpPage.WriteOverview(terminal, AllCommands.List());
            return;
        }

        if (args[0] == "--version")
        {
            terminal.Out.WriteLine("cutaway " + Version);
            return;
        }

        if (args[0].StartsWith('-'))
        {
            throw CutawayException.Usage($"'{args[0]}' stands before the command; write cutaway COMMAND … {args[0]}");
        }

        bool help = args[0] == "help";
        IReadOnlyList<string> words = help ? [.. args.Skip(1)] : args;
        help |= args.TakeWhile(word => word != "--").Any(word => word is "--help" or "-h");
        int length = AllCommands.WordsOfName(words);
        if (length == 1 && AllCommands.Family(words[0]) is [_, ..] family)
        {
            if (words.Skip(1).FirstOrDefault(word => !word.StartsWith('-')) is { } unknown)
            {
                string name = $"{words[0]} {unknown}";
                throw CutawayException.Usage($"there is no command '{name}'{NearNames.Suggest(name, family.Select(command => command.Name))}");
            }

            HelpPage.WriteFamily(terminal, words[0], family);
            return;
        }

        Command command = AllCommands.Find(NameOf(words));
        if (help)
        {
            HelpPage.Write(terminal, command);
            return;
        }

        command.Run(new Invocation(command, ArgumentParser.Parse(command, words.Skip(length)), terminal, cancellation));
    }

    private static string NameOf(IReadOnlyList<string> words) => string.Join(' ', words.Take(AllCommands.WordsOfName(words)));

    private static (int Code, string Message) Explain(Exception error, IReadOnlyList<string> args, CancellationToken cancellation) => error switch
    {
        SweepCancelledException { Checkpoint: not null } stopped => (Cancelled, stopped.Message),
        TrainingStoppedException stopped => (Cancelled, stopped.Message),
        OperationCanceledException when cancellation.IsCancellationRequested => (Cancelled, "cancelled; nothing was written"),
        CutawayException { Kind: FaultKind.Usage } fault => (2, $"error: {fault.Message}{SeeHelp(fault.Message, args)}"),
        CutawayException { Kind: FaultKind.Input } fault => (3, "error: " + fault.Message),
        CutawayException fault => (4, "error: " + fault.Message),
        IOException or UnauthorizedAccessException => (3, "error: " + error.Message),
        OutOfMemoryException => (Unexpected, "error: there is not enough memory; use a shorter text, fewer captures, or --logits last"),
        _ => (Unexpected, $"unexpected error: {error.Message.ReplaceLineEndings(" ")}\nrun again with --debug for the stack trace"),
    };

    private static string SeeHelp(string message, IReadOnlyList<string> args) => message.Contains('\n', StringComparison.Ordinal)
        ? ""
        : args.Count > 0 && AllCommands.TryFind(NameOf(args)) is { } command ? $"\nsee cutaway {command.Name} --help" : "\nsee cutaway --help";
}
