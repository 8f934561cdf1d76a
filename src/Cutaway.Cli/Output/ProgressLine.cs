using System.Diagnostics;
using System.Globalization;
using Cutaway.Cli.Commands;
using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Output;

/// <summary>One line of progress that is written over and finally taken away.</summary>
internal sealed class ProgressLine(TextWriter writer) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly Stopwatch sinceLast = Stopwatch.StartNew();
    private readonly Lock gate = new();
    private int shown;

    /// <summary>Does long work with a line of progress, where someone watches.</summary>
    public static T During<T>(Invocation call, Func<Progress, T> work)
    {
        using ProgressLine? line = call.Terminal.ShowsProgress && !call.Has(SharedParameters.Quiet.Name) ? new ProgressLine(call.Terminal.Error) : null;
        bool reads = call.Text(SharedParameters.Json.Name) != "-";
        return work(new Progress(line is null ? null : line.Report, call.Cancellation) { Text = reads ? call.Terminal.Tell : null });
    }

    /// <summary>Shows how far something is; calls in quick succession are passed over.</summary>
    public void Report(string what, double share)
    {
        lock (gate)
        {
            if (sinceLast.Elapsed < Pause)
            {
                return;
            }

            sinceLast.Restart();
            string line = string.Create(CultureInfo.InvariantCulture, $"{what} {100 * share:0} %");
            writer.Write("\r" + line.PadRight(shown));
            writer.Flush();
            shown = line.Length;
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        if (shown > 0)
        {
            writer.Write("\r" + new string(' ', shown) + "\r");
            writer.Flush();
        }
    }
}
