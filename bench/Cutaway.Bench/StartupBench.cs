using System.Diagnostics;
using System.Globalization;

namespace Cutaway.Bench;

/// <summary>The command line from process start to exit: time, and peak memory beside the size of the model's file.</summary>
internal static class StartupBench
{
    private const int Runs = 7;

    /// <summary>Prints one row; needs SmolLM2 and a build of Cutaway.Cli beside this one.</summary>
    public static void Run(string[] args)
    {
        string program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cutaway.Cli", "release", "Cutaway.Cli.dll"));
        if (BenchModels.SmolLm2 is not { } model || !File.Exists(program))
        {
            Console.WriteLine("start-up skipped: it needs SmolLM2 (CUTAWAY_SHARED) and dotnet build -c Release src/Cutaway.Cli");
            return;
        }

        string output = Path.Combine(Path.GetTempPath(), $"cutaway-startup-{Environment.ProcessId}.safetensors");
        try
        {
            double best = double.PositiveInfinity;
            double worst = 0;
            double peak = 0;
            for (int i = 0; i < Runs; i++)
            {
                (double seconds, double megabytes) = Once(program, model, output);
                best = Math.Min(best, seconds);
                worst = Math.Max(worst, seconds);
                peak = Math.Max(peak, megabytes);
            }

            double file = new FileInfo(model).Length / 1e6;
            Console.WriteLine($"start-up: cutaway run SmolLM2, 16 ids, last logits, {Runs} runs");
            Console.WriteLine($"{"best s",10}{"worst s",10}{"peak MB",10}{"file MB",10}{"above file",12}");
            Console.WriteLine($"{best,10:F2}{worst,10:F2}{peak,10:F0}{file,10:F0}{peak - file,12:F0}");
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static (double Seconds, double PeakMegabytes) Once(string program, string model, string output)
    {
        File.Delete(output);
        string ids = string.Join(',', BenchModels.Ids(16, 49152));
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, "run", model, "--ids", ids, "--logits", "last", "--out", output])
        {
            RedirectStandardOutput = true,
        })!;
        long peak = 0;
        while (!process.WaitForExit(2))
        {
            peak = Math.Max(peak, PeakKilobytes(process.Id));
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return process.ExitCode == 0
            ? (seconds, peak * 1024 / 1e6)
            : throw new InvalidOperationException($"cutaway run ended with exit code {process.ExitCode}");
    }

    // The kernel's own high-water mark, so that only what grows in the last two milliseconds can be missed.
    private static long PeakKilobytes(int process)
    {
        string status = $"/proc/{process}/status";
        try
        {
            string? line = File.ReadLines(status).FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6, line.Length - 6 - 2), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has just ended, or this is not Linux.
            return 0;
        }
    }
}
