using Cutaway.Cli.Commands;
using Cutaway.Cli.Parsing;
using Cutaway.Findings.Console;
using Cutaway.Tensors.Storage;

namespace Cutaway.Cli.Output;

/// <summary>Sends a command's result where the call wants it: text to the terminal, JSON to a file or to standard output.</summary>
internal static class Results
{
    /// <summary>Writes a result.</summary>
    /// <param name="call">The call.</param>
    /// <param name="json">Writes it as JSON.</param>
    /// <param name="text">Writes it for people.</param>
    public static void Write(Invocation call, Action<Stream> json, Action<TextWriter, ConsoleStyle> text)
    {
        Terminal terminal = call.Terminal;
        if (call.Text(SharedParameters.Json.Name) is not { } file)
        {
            text(terminal.Out, Style(call));
        }
        else if (file == "-")
        {
            terminal.Out.Flush();
            json(terminal.Stream);
            terminal.Stream.Write("\n"u8);
        }
        else
        {
            AtomicFile.Write(file, json);
            text(terminal.Out, Style(call));
            Note(call, file);
        }
    }

    /// <summary>Finds out whether the files that a call asks for could be written, before the work begins.</summary>
    public static void Probe(Invocation call, params ReadOnlySpan<Parameter> files)
    {
        foreach (Parameter file in files)
        {
            if (call.Text(file.Name) is { } path and not "-")
            {
                AtomicFile.Probe(path);
            }
        }
    }

    /// <summary>Says that a file was written.</summary>
    public static void Note(Invocation call, string file)
    {
        if (!call.Has(SharedParameters.Quiet.Name))
        {
            call.Terminal.Error.WriteLine("wrote " + file);
        }
    }

    private static ConsoleStyle Style(Invocation call)
    {
        bool plain = call.Has(SharedParameters.Plain.Name);
        return new ConsoleStyle(
            call.Count(SharedParameters.Width.Name) ?? call.Terminal.Width(),
            call.Terminal.Colours && !plain,
            !plain);
    }
}
