namespace Cutaway.Decoding;

/// <summary>When a beam search ends.</summary>
public enum EarlyStopping
{
    /// <summary>When no running beam, at its present length, could still beat the worst finished one.</summary>
    Heuristic,

    /// <summary>As soon as there are as many finished texts as beams.</summary>
    WhenFull,

    /// <summary>When no running beam could beat the worst finished one even at its best length.</summary>
    Never,
}

/// <summary>
/// Keeps the most likely beginnings of a text at each length. A finished text's score is the sum of its log-probabilities, its end
/// included, divided by its length to the power of the length penalty (as `transformers` counts; Wu et al. 2016, section 7, divide
/// by another function of it). Groups of beams search one after another, each avoiding what the groups before it have just chosen
/// (Vijayakumar et al. 2018, section 3, with Hamming diversity).
/// </summary>
public sealed record BeamSearch : DecodingStrategy
{
    /// <summary>Beams, all groups together.</summary>
    public int Beams { get; init; } = 4;

    /// <summary>Groups; they divide the beams evenly.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>What each beam of an earlier group that chose a token takes off the token's score.</summary>
    public double DiversityPenalty { get; init; }

    /// <summary>Above 0 longer texts are preferred, below 0 shorter ones; 0 compares sums.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>When the search ends.</summary>
    public EarlyStopping EarlyStopping { get; init; }

    /// <inheritdoc/>
    internal override void Validate(LanguageModel model)
    {
        if (Beams < 1 || Groups < 1 || Beams % Groups != 0)
        {
            throw CutawayException.Usage($"beam search needs at least one beam and groups of equal size; got {Beams} beams in {Groups} groups");
        }

        if (!double.IsFinite(DiversityPenalty) || DiversityPenalty < 0 || !double.IsFinite(LengthPenalty))
        {
            throw CutawayException.Usage($"beam search needs a diversity penalty of 0 or more and a finite length penalty; got {DiversityPenalty} and {LengthPenalty}");
        }
    }
}
