using System.Numerics;
using Cutaway.Decoding;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>What is the same for all sequences of a generation: how a token is chosen, and what ends a text.</summary>
internal sealed class GenerationRules
{
    private readonly LanguageModel model;
    private readonly GenerationOptions options;
    private readonly int[] ends;
    private readonly TokenConstraint? constraint;
    private readonly LogitsChain chain;

    /// <summary>The rules that options ask for.</summary>
    public GenerationRules(LanguageModel model, GenerationOptions options)
    {
        this.model = model;
        this.options = options;
        ends = [.. options.StopTokens, .. options.StopAtEnd && model.Tokenizer.EndOfText is int end && end < model.Config.Vocabulary ? [end] : Array.Empty<int>()];
        constraint = options.Constraint?.For(model.Tokenizer);
        chain = new LogitsChain(options, ends, options.Temperature > 0);
        Step = new StepLogits(chain.IsEmpty && constraint is null && options is { Temperature: 0, Strategy: null } ? 0 : model.Config.Vocabulary);
    }

    /// <summary>The working memory of a step.</summary>
    public StepLogits Step { get; }

    /// <summary>How many tokens end a text.</summary>
    public int Ends => ends.Length;

    /// <summary>A sequence that begins with a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="index">Its place in a batch, which its seed depends on.</param>
    public GeneratedSequence Begin(IReadOnlyList<int> prompt, int index = 0) => new(prompt, options.MaxTokens, (ulong)options.Seed + (ulong)index)
    {
        State = TokenConstraint.Start,
        Text = options.OnText is not null || options.StopTexts.Count > 0 ? new TextAssembler(model.Tokenizer, options.StopTexts) : null,
    };

    /// <summary>Applies all processors to <see cref="Step"/>.</summary>
    public void Process(GeneratedSequence sequence) => chain.Apply(Step, constraint, sequence.State);

    /// <summary>Chooses a token: the most likely one, the lowest id among equals, or a draw.</summary>
    public int Choose<T>(ReadOnlySpan<T> logits, GeneratedSequence sequence)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Step.Logits.Length == 0)
        {
            return Reductions.ArgMax(logits);
        }

        Step.Begin(logits, sequence.Tokens, sequence.Prompt.Count);
        Process(sequence);
        return options.Temperature > 0
            ? Draw(Step.Probabilities(), SeededRandom.DoubleAt(sequence.Seed, (ulong)sequence.Count))
            : Reductions.ArgMax<double>(Step.Logits);
    }

    /// <summary>Adds a token to a sequence, and finds out whether it ends.</summary>
    public void Accept(GeneratedSequence sequence, int token, double logProbability, double gap)
    {
        sequence.Append(token, logProbability, gap);
        sequence.Text?.Append(token);
        if (ends.AsSpan().Contains(token))
        {
            sequence.Finish = FinishReason.EndToken;
        }
        else if (sequence.Text?.Stop >= 0)
        {
            sequence.Finish = FinishReason.StopText;
        }
        else if (constraint is not null && (sequence.State = constraint.Next(sequence.State, token)) is int state && constraint.IsOver(state))
        {
            sequence.Finish = FinishReason.Complete;
        }
        else if (sequence.Count == options.MaxTokens)
        {
            sequence.Finish = FinishReason.Length;
        }
    }

    /// <summary>Tells whoever asked of a sequence's newest token.</summary>
    public void Tell(GeneratedSequence sequence)
    {
        options.OnToken?.Invoke(sequence.Last);
        if (options.OnText is { } hear && (sequence.Finish is null ? sequence.Text!.Take() : sequence.Text!.Rest()) is { Length: > 0 } piece)
        {
            hear(piece);
        }
    }

    /// <summary>By how much the largest logit exceeds the second largest.</summary>
    /// <exception cref="CutawayException">The logits are not numbers.</exception>
    public static double Gap<T>(ReadOnlySpan<T> logits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T first = T.NegativeInfinity;
        T second = T.NegativeInfinity;
        foreach (T logit in logits)
        {
            if (logit > first)
            {
                (first, second) = (logit, first);
            }
            else if (logit > second)
            {
                second = logit;
            }
            else if (T.IsNaN(logit))
            {
                throw CutawayException.Model("the logits are not numbers (NaN): an intervention or a weight is not finite");
            }
        }

        return double.CreateTruncating(first - second);
    }

    // The token at which the sum of the probabilities, in the order of ids, passes a point.
    private static int Draw(ReadOnlySpan<double> probabilities, double point)
    {
        int last = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            point -= probabilities[i];
            if (point < 0)
            {
                return i;
            }

            last = probabilities[i] > 0 ? i : last;
        }

        return last;
    }
}
