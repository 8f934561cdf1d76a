using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Output;

/// <summary>Writes the help of a command, and the overview of all.</summary>
internal static class HelpPage
{
    private const int LeastText = 24;
    private const int MostIndent = 30;

    /// <summary>What there is, by section.</summary>
    public static void WriteOverview(Terminal terminal, IReadOnlyList<Command> commands)
    {
        TextWriter text = terminal.Out;
        int width = terminal.Width();
        Wrap(text, "Cutaway opens a language model and shows what it does with a text: what it reads, what each layer was about to say, which parts made the answer.", 0, width);
        text.WriteLine("\nUsage: cutaway COMMAND [PROMPT] [options]");
        int names = commands.Max(command => command.Name.Length);
        foreach (IGrouping<string, Command> group in commands.GroupBy(command => command.Group))
        {
            text.WriteLine("\n" + group.Key);
            Columns(text, [.. group.Select(command => (command.Name, command.Summary))], names, width);
        }

        text.WriteLine("\nStart here");
        foreach (string line in (string[])
        [
            "cutaway explain",
            "cutaway explain \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" --versus \" John\" --html report.html",
            "cutaway explain --model path/to/model.gguf \"The capital of France is\"",
            "cutaway COMMAND --help",
        ])
        {
            text.WriteLine("  " + line);
        }
    }

    /// <summary>Commands that begin with one word.</summary>
    public static void WriteFamily(Terminal terminal, string word, IReadOnlyList<Command> commands)
    {
        TextWriter text = terminal.Out;
        text.WriteLine($"Usage: cutaway {word} COMMAND [options]\n");
        Columns(text, [.. commands.Select(command => (command.Name, command.Summary))], commands.Max(command => command.Name.Length), terminal.Width());
        text.WriteLine($"\ncutaway {word} COMMAND --help says more.");
    }

    /// <summary>One command: what it does, what it takes, and examples.</summary>
    public static void Write(Terminal terminal, Command command)
    {
        TextWriter text = terminal.Out;
        int width = terminal.Width();
        Wrap(text, $"cutaway {command.Name}: {command.Summary}", 0, width);
        text.WriteLine();
        Wrap(text, "Usage: " + Usage(command), 7, width);
        Parameter[] arguments = [.. command.Parameters.Where(parameter => parameter.IsArgument)];
        Section(text, "Arguments", arguments, width);
        foreach (IGrouping<string, Parameter> group in command.All.Where(parameter => !parameter.IsArgument).GroupBy(parameter => parameter.Heading))
        {
            Section(text, group.Key, [.. group], width);
        }

        foreach (string note in command.Notes)
        {
            text.WriteLine();
            Wrap(text, note, 0, width);
        }

        if (command.Examples.Count > 0)
        {
            text.WriteLine("\nExamples");
            foreach (string example in command.Examples)
            {
                text.WriteLine("  cutaway " + example);
            }
        }
    }

    private static string Usage(Command command)
    {
        IEnumerable<string> parts = command.Parameters
            .Where(parameter => parameter.IsArgument || parameter.Required)
            .OrderByDescending(parameter => parameter.IsArgument)
            .Select(parameter => parameter.Required ? Written(parameter) : $"[{Written(parameter)}]");
        return string.Join(' ', ["cutaway", command.Name, .. parts, "[options]"]);
    }

    private static string Written(Parameter parameter) => parameter.IsArgument || parameter.IsFlag ? parameter.Display : $"{parameter.Display} {parameter.Hint}";

    private static void Section(TextWriter text, string heading, Parameter[] parameters, int width)
    {
        if (parameters.Length > 0)
        {
            text.WriteLine("\n" + heading);
            Columns(text, [.. parameters.Select(parameter => (Written(parameter), Explained(parameter)))], parameters.Max(parameter => Written(parameter).Length), width);
        }
    }

    private static string Explained(Parameter parameter)
    {
        List<string> more = [];
        if (parameter.Range is { } range)
        {
            more.Add(range);
        }

        if (parameter.IsRepeatable)
        {
            more.Add("may be repeated");
        }

        if (parameter.Required)
        {
            more.Add("required");
        }
        else if (parameter.Default is { Length: > 0 } value && !parameter.IsFlag)
        {
            more.Add($"default {(value.Contains(' ', StringComparison.Ordinal) ? $"\"{value}\"" : value)}");
        }

        return more.Count == 0 ? parameter.Help : $"{parameter.Help} [{string.Join("; ", more)}]";
    }

    private static void Columns(TextWriter text, IReadOnlyList<(string Left, string Right)> rows, int left, int width)
    {
        int indent = Math.Min(MostIndent, left + 4);
        foreach ((string name, string right) in rows)
        {
            string start = ("  " + name).PadRight(indent);
            if (start.Length > indent || !start.EndsWith(' '))
            {
                text.WriteLine(start);
                start = new string(' ', indent);
            }

            Wrap(text, start + right, indent, width);
        }
    }

    /// <summary>Writes a text in lines of a width; the first line keeps its own indentation, the others get one.</summary>
    private static void Wrap(TextWriter text, string line, int indent, int width)
    {
        int room = Math.Max(width, indent + LeastText);
        while (line.Length > room)
        {
            int end = line.LastIndexOf(' ', room);
            if (end <= indent)
            {
                break;
            }

            text.WriteLine(line[..end].TrimEnd());
            line = new string(' ', indent) + line[(end + 1)..];
        }

        text.WriteLine(line);
    }
}
