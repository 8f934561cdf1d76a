using Cutaway.Models.Network;

namespace Cutaway.Metrics;

/// <summary>
/// A number read off the logits of each item of a batch, as data: it can be printed and saved, it says which logits it needs,
/// and where it can it gives its gradient.
/// </summary>
public abstract record Metric
{
    /// <summary>The name that a command line uses, such as <c>logit-difference</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the metric has a gradient.</summary>
    public virtual bool Differentiable => true;

    /// <summary>Which positions it reads: each item's last one, or all.</summary>
    public virtual LogitScope Scope => LogitScope.Last;

    /// <summary>The token ids whose logits it reads, ascending, or null for the whole vocabulary. Only these are computed.</summary>
    public virtual IReadOnlyList<int>? Columns => null;

    /// <summary>The metric of one item.</summary>
    /// <param name="item">Which prompt of the batch the metric was made for.</param>
    /// <param name="logits">[position read, column], columns as in <see cref="Columns"/>; a single row for <see cref="LogitScope.Last"/>.</param>
    public abstract double Value(int item, ReadOnlySpan<double> logits);

    /// <summary>The gradient of <see cref="Value"/> with respect to the logits.</summary>
    /// <param name="item">Which prompt.</param>
    /// <param name="logits">As for <see cref="Value"/>.</param>
    /// <param name="gradient">Receives the gradient, in the shape of the logits; every element is written.</param>
    /// <exception cref="CutawayException">The metric has no gradient.</exception>
    public virtual void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient) =>
        throw CutawayException.Usage($"the metric '{Name}' has no gradient; choose logit-difference, log-probability, probability, kl or cross-entropy");
}
