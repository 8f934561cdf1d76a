using System.Text;

namespace Cutaway.Cli.Output;

/// <summary>Where a command writes: results to the output, errors and progress beside it.</summary>
internal sealed class Terminal : IDisposable
{
    private const int WidthOfFiles = 100;
    private readonly StreamWriter text;

    /// <summary>Joins an output and a place for messages.</summary>
    /// <param name="output">Takes results, as UTF-8.</param>
    /// <param name="error">Takes errors and progress.</param>
    public Terminal(Stream output, TextWriter error)
    {
        Stream = output;
        Error = error;
        text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 14) { NewLine = "\n" };
    }

    /// <summary>The output as bytes; flush <see cref="Out"/> before writing to it.</summary>
    public Stream Stream { get; }

    /// <summary>The output as text.</summary>
    public TextWriter Out => text;

    /// <summary>Messages and progress.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether the output can show colours.</summary>
    public bool Colours { get; init; }

    /// <summary>Whether someone watches the messages, so that progress is worth showing.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>Columns to write to.</summary>
    public Func<int> Width { get; init; } = () => WidthOfFiles;

    /// <summary>The terminal of this process. Colours are left out for files, for <c>NO_COLOR</c> and for dumb terminals.</summary>
    public static Terminal OfProcess()
    {
        if (OperatingSystem.IsWindows())
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        bool dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new Terminal(Console.OpenStandardOutput(), Console.Error)
        {
            Colours = !Console.IsOutputRedirected && !dumb && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            ShowsProgress = !Console.IsErrorRedirected && !dumb,
            Width = WidthOfProcess,
        };
    }

    /// <summary>Writes a piece of a text at once.</summary>
    public void Tell(string piece)
    {
        Out.Write(piece);
        Out.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => text.Dispose();

    private static int WidthOfProcess()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) && columns > 0)
        {
            return columns;
        }

        return Console.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthOfFiles : Console.WindowWidth;
    }
}
