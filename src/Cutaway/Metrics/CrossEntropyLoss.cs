using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Metrics;

/// <summary>The mean cross-entropy of known tokens, in nats: of the answer, or of every next token of the prompt itself.</summary>
public sealed record CrossEntropyLoss : Metric
{
    private const int None = -1;

    // [item][position read]: the token that is right there, or none.
    private readonly int[][] targets;

    private CrossEntropyLoss(string name, int[][] targets)
    {
        Name = name;
        this.targets = targets;
    }

    /// <summary>The loss of one answer an item, at the last position.</summary>
    public static CrossEntropyLoss OfAnswers(IReadOnlyList<int> answers) => new("cross-entropy", [.. answers.Select(id => new[] { id })]);

    /// <summary>The loss of every next token of the prompts, padding left out.</summary>
    /// <exception cref="CutawayException">A prompt is a single token.</exception>
    public static CrossEntropyLoss OfPrompts(TokenBatch prompts)
    {
        int[][] targets = new int[prompts.Batch][];
        for (int b = 0; b < targets.Length; b++)
        {
            int[] ids = prompts.Row(b).ToArray();
            targets[b] = [.. ids.Select((_, position) =>
                position + 1 < ids.Length && prompts.IsReal(b, position) && prompts.IsReal(b, position + 1) ? ids[position + 1] : None)];
            if (targets[b].All(target => target == None))
            {
                throw CutawayException.Input($"prompt {b} is a single token: no next token to measure the loss of");
            }
        }

        return new("next-token-loss", targets);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override LogitScope Scope => targets[0].Length == 1 ? LogitScope.Last : LogitScope.All;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        int width = logits.Length / targets[item].Length;
        double sum = 0;
        for (int position = 0; position < targets[item].Length; position++)
        {
            int target = targets[item][position];
            sum -= target == None ? 0 : CrossEntropy.LogProbability(logits.Slice(position * width, width), target);
        }

        return sum / Count(item);
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        int width = logits.Length / targets[item].Length;
        double share = 1.0 / Count(item);
        gradient.Clear();
        for (int position = 0; position < targets[item].Length; position++)
        {
            if (targets[item][position] is int target and not None)
            {
                CrossEntropy.Row(logits.Slice(position * width, width), target, share, gradient.Slice(position * width, width));
            }
        }
    }

    private int Count(int item) => targets[item].Count(target => target != None);
}
