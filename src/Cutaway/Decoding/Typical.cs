using System.Numerics.Tensors;

namespace Cutaway.Decoding;

/// <summary>
/// Locally typical sampling (Meister et al. 2023, section 4): orders tokens by how far their information, -log p, is from the
/// entropy, and keeps the smallest set of the nearest ones whose probabilities sum to P or more. All as far as the last are kept.
/// </summary>
/// <param name="P">Above 0, below 1.</param>
public sealed record Typical(double P) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(StepLogits step)
    {
        ReadOnlySpan<double> probabilities = step.Probabilities();
        Span<double> distances = step.Scratch;
        TensorPrimitives.Subtract(step.LogSum - step.Entropy(), step.Logits, distances);
        TensorPrimitives.Abs(distances, distances);

        ReadOnlySpan<int> order = step.Sort(distances, 0, descending: false);
        int last = 0;
        for (double sum = probabilities[order[0]]; last < order.Length - 1 && sum < P; sum += probabilities[order[last]])
        {
            last++;
        }

        int kept = last + 1;
        while (kept < order.Length && distances[order[kept]] == distances[order[last]])
        {
            kept++;
        }

        step.KeepOnly(order[..kept]);
    }
}
