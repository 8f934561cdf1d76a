namespace Cutaway.Runs;

/// <summary>A sequence while it is generated; there is room for all of it from the start.</summary>
internal sealed class GeneratedSequence
{
    private readonly int[] tokens;
    private readonly double[] logProbabilities;
    private readonly double[] gaps;

    /// <summary>A sequence that begins with a prompt.</summary>
    public GeneratedSequence(IReadOnlyList<int> prompt, int most, ulong seed)
    {
        tokens = [.. prompt, .. new int[most]];
        logProbabilities = new double[most];
        gaps = new double[most];
        Prompt = prompt;
        Seed = seed;
    }

    private GeneratedSequence(GeneratedSequence other)
    {
        tokens = [.. other.tokens];
        logProbabilities = [.. other.logProbabilities];
        gaps = [.. other.gaps];
        Prompt = other.Prompt;
        Seed = other.Seed;
        Count = other.Count;
        State = other.State;
        Text = other.Text?.Fork();
    }

    /// <summary>The prompt.</summary>
    public IReadOnlyList<int> Prompt { get; }

    /// <summary>Seed of its draws.</summary>
    public ulong Seed { get; }

    /// <summary>Generated tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Prompt and generated tokens.</summary>
    public ReadOnlyMemory<int> Tokens => tokens.AsMemory(0, Prompt.Count + Count);

    /// <summary>The newest token.</summary>
    public int Last => tokens[Prompt.Count + Count - 1];

    /// <summary>Where it is in the constraint.</summary>
    public int State { get; set; }

    /// <summary>Its text as it grows, where somebody asks for it.</summary>
    public TextAssembler? Text { get; init; }

    /// <summary>Why it ended, or null while it goes on.</summary>
    public FinishReason? Finish { get; set; }

    /// <summary>The generated tokens.</summary>
    public ReadOnlySpan<int> Generated => tokens.AsSpan(Prompt.Count, Count);

    /// <summary>The sum of the log-probabilities, in the order of the text.</summary>
    public double LogProbability => logProbabilities.Take(Count).Sum();

    /// <summary>A copy, to go on in another way.</summary>
    public GeneratedSequence Fork() => new(this);

    /// <summary>Adds a token.</summary>
    public void Append(int token, double logProbability, double gap)
    {
        tokens[Prompt.Count + Count] = token;
        logProbabilities[Count] = logProbability;
        gaps[Count++] = gap;
    }

    /// <summary>The result.</summary>
    public Generation ToGeneration(LanguageModel model, double? score = null) => new(
        Prompt,
        Generated.ToArray(),
        Text?.Whole() ?? model.Tokenizer.Decode(Generated, skipSpecialTokens: true),
        logProbabilities[..Count],
        gaps[..Count])
    {
        Finish = Finish ?? FinishReason.Length,
        Score = score ?? LogProbability,
    };
}
