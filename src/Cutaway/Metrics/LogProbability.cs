using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Metrics;

/// <summary>The log-probability of the answer, in nats; of an answer of several tokens the sum over them.</summary>
public sealed record LogProbability : Metric
{
    private readonly int positions;

    /// <summary>Answers of one token, at the last position.</summary>
    /// <param name="answers">The id of each item's answer.</param>
    public LogProbability(IReadOnlyList<int> answers)
    {
        Answers = [.. answers.Select(id => new[] { id })];
        positions = 1;
    }

    private LogProbability(IReadOnlyList<IReadOnlyList<int>> answers, int positions)
    {
        Answers = answers;
        this.positions = positions;
    }

    /// <summary>Answers of several tokens, of which the prompts end with all but the last (teacher forcing).</summary>
    /// <param name="prompts">The prompts with the answers, padded on the left.</param>
    /// <param name="answers">The ids of each item's answer.</param>
    public static LogProbability Sum(TokenBatch prompts, IReadOnlyList<IReadOnlyList<int>> answers) => new(answers, prompts.Length);

    /// <summary>The ids of each item's answer.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Answers { get; }

    /// <inheritdoc/>
    public override string Name => "log-probability";

    /// <inheritdoc/>
    public override LogitScope Scope => positions == 1 ? LogitScope.Last : LogitScope.All;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        int width = logits.Length / positions;
        double sum = 0;
        for (int i = 0; i < Answers[item].Count; i++)
        {
            sum += CrossEntropy.LogProbability(logits.Slice(Row(item, i) * width, width), Answers[item][i]);
        }

        return sum;
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        int width = logits.Length / positions;
        gradient.Clear();
        for (int i = 0; i < Answers[item].Count; i++)
        {
            int start = Row(item, i) * width;
            CrossEntropy.Row(logits.Slice(start, width), Answers[item][i], -1.0, gradient.Slice(start, width));
        }
    }

    // The last token of the answer is foretold at the last position.
    private int Row(int item, int i) => positions - Answers[item].Count + i;
}
