using Cutaway.Runs;

namespace Cutaway.Decoding;

/// <summary>
/// The processors of a generation in the order in which they are applied, which is that of `transformers` 4: biases, penalties,
/// what is forbidden, what a constraint allows; then, for sampling only, temperature, top-k, top-p, min-p, typical, epsilon and eta.
/// </summary>
internal sealed class LogitsChain
{
    private readonly List<ILogitsProcessor> before = [];
    private readonly List<ILogitsProcessor> after = [];
    private readonly IReadOnlyList<int> ends;

    /// <summary>The chain that options ask for.</summary>
    /// <param name="options">The options, checked.</param>
    /// <param name="ends">The tokens that end a text.</param>
    /// <param name="sampling">Whether a token is drawn; the most likely one is not affected by most of what only shapes draws, and none of it is applied.</param>
    public LogitsChain(GenerationOptions options, IReadOnlyList<int> ends, bool sampling)
    {
        this.ends = ends;
        Put(before, options.LogitBias.Count > 0, () => new LogitBias([.. options.LogitBias]));
        Put(before, options.RepetitionPenalty != 1, () => new RepetitionPenalty(options.RepetitionPenalty));
        Put(before, options.PresencePenalty != 0 || options.FrequencyPenalty != 0, () => new OccurrencePenalties(options.PresencePenalty, options.FrequencyPenalty));
        Put(before, options.NoRepeatNgram > 0, () => new NoRepeatNgram(options.NoRepeatNgram));
        Put(before, options.Banned.Count > 0, () => new BannedSequences(options.Banned));
        Put(before, options.MinTokens > 0 && ends.Count > 0, () => new MinTokens(options.MinTokens, ends));
        after.AddRange(options.Processors);
        if (sampling)
        {
            after.AddRange(Filters(options));
        }
    }

    /// <summary>Whether the logits are used as they are.</summary>
    public bool IsEmpty => before.Count == 0 && after.Count == 0;

    /// <summary>What only shapes draws, in order.</summary>
    public static IReadOnlyList<ILogitsProcessor> Filters(GenerationOptions options)
    {
        List<ILogitsProcessor> filters = [];
        Put(filters, options.Temperature is not (0 or 1), () => new Temperature(options.Temperature));
        Put(filters, options.TopK > 0, () => new TopK(options.TopK));
        Put(filters, options.TopP < 1, () => new TopP(options.TopP));
        Put(filters, options.MinP > 0, () => new MinP(options.MinP));
        Put(filters, options.TypicalP < 1, () => new Typical(options.TypicalP));
        Put(filters, options.EpsilonCutoff > 0, () => new Epsilon(options.EpsilonCutoff));
        Put(filters, options.EtaCutoff > 0, () => new Eta(options.EtaCutoff));
        return filters;
    }

    /// <summary>Applies all of it.</summary>
    /// <param name="step">The logits.</param>
    /// <param name="constraint">What a constraint allows, or null.</param>
    /// <param name="state">Where the sequence is in it.</param>
    /// <exception cref="CutawayException">No token is left.</exception>
    public void Apply(StepLogits step, TokenConstraint? constraint = null, int state = 0)
    {
        Apply(before, step);
        if (constraint is not null)
        {
            constraint.Apply(step, state, ends);
            Require(step, "the constraint");
        }

        Apply(after, step);
    }

    private static void Apply(List<ILogitsProcessor> processors, StepLogits step)
    {
        for (int i = 0; i < processors.Count; i++)
        {
            processors[i].Apply(step);
            Require(step, processors[i]);
        }
    }

    private static void Require(StepLogits step, object what)
    {
        if (!step.AnyLeft)
        {
            throw CutawayException.Usage(
                $"no token is left to choose after {step.Generated.Length} generated ones: {what} removed the last of them. Loosen it, or allow fewer tokens");
        }
    }

    private static void Put(List<ILogitsProcessor> list, bool wanted, Func<ILogitsProcessor> make)
    {
        if (wanted)
        {
            list.Add(make());
        }
    }
}
