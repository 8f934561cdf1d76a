using System.Globalization;
using Cutaway.Fuzzing;

namespace Cutaway.Bench;

/// <summary>Reads damaged model files, tokenizers, configurations and plans: 20,000 of each kind, or as many as asked for.</summary>
internal static class FuzzBench
{
    /// <summary>Runs it from the repository's root.</summary>
    /// <param name="args">Cases a reader, and the first seed; both may be left out.</param>
    public static void Run(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20_000;
        ulong seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000;
        Console.WriteLine($"{"reader",-22}{"cases",10}{"refused",10}{"most KB",10}{"slowest ms",12}");
        foreach (ReaderFuzz reader in ReaderFuzz.All(Directory.GetCurrentDirectory()))
        {
            FuzzOutcome outcome = reader.Run(cases, seed);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{reader.Name,-22}{outcome.Cases,10}{outcome.Refused,10}{outcome.MostBytes / 1024,10}{outcome.Slowest.TotalMilliseconds,12:F1}"));
        }
    }
}
