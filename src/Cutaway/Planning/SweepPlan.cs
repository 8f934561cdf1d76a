using System.Globalization;
using System.Text;

namespace Cutaway.Planning;

/// <summary>Variants that leave the base run at the same place.</summary>
/// <param name="Layer">The block; the number of layers for after the last.</param>
/// <param name="BeforeMlp">Whether they leave it between the block's attention and its MLP, rather than before the block.</param>
/// <param name="FirstPosition">The first position that is run, padding counted.</param>
/// <param name="Variants">How many.</param>
/// <param name="Rows">Rows of residual streams of all of them.</param>
public sealed record SweepGroup(int Layer, bool BeforeMlp, int FirstPosition, int Variants, long Rows);

/// <summary>How a sweep will be run, and what that costs.</summary>
public sealed record SweepPlan
{
    /// <summary>Experiments.</summary>
    public required int Variants { get; init; }

    /// <summary>Experiments that change nothing, and need no run.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Experiments that need a full run of their own.</summary>
    public required int FullRuns { get; init; }

    /// <summary>The others, by where they leave the base run.</summary>
    public required IReadOnlyList<SweepGroup> Groups { get; init; }

    /// <summary>How many times the weights are gone through.</summary>
    public required int Batches { get; init; }

    /// <summary>Multiply-adds of all matrix products, the base run's included.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>What one full run for each experiment would take.</summary>
    public required long NaiveMultiplyAdds { get; init; }

    /// <summary>Bytes of the base run that experiments start from.</summary>
    public required long BaseBytes { get; init; }

    /// <summary>At most how many bytes of working memory the largest batch takes.</summary>
    public required long BatchBytes { get; init; }

    /// <summary>The plan as text.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.AppendLine(culture, $"{Variants} experiments: {Unchanged} change nothing, {FullRuns} run in full, {Variants - Unchanged - FullRuns} go on from the base run in {Batches} {(Batches == 1 ? "batch" : "batches")}");
        text.AppendLine(culture, $"{MultiplyAdds / 1e9:0.000} G multiply-adds; one full run each: {NaiveMultiplyAdds / 1e9:0.000} G ({(double)NaiveMultiplyAdds / Math.Max(1, MultiplyAdds):0.0} times as many)");
        text.AppendLine(culture, $"{BaseBytes / 1e6:0.0} MB of the base run are kept; a batch takes at most {BatchBytes / 1e6:0.0} MB");
        foreach (SweepGroup group in Groups)
        {
            text.AppendLine(culture, $"  block {group.Layer}, {(group.BeforeMlp ? "MLP" : "attention")}, from position {group.FirstPosition}: {group.Variants} × {group.Rows / group.Variants} rows");
        }

        return text.ToString();
    }
}
