using Cutaway.Models.Network;

namespace Cutaway.Metrics;

/// <summary>Computes a metric of one item.</summary>
/// <param name="item">Which prompt of the batch.</param>
/// <param name="logits">[position read, vocab]; a single row where only the last position is read.</param>
public delegate double MetricFunction(int item, ReadOnlySpan<double> logits);

/// <summary>Computes the gradient of a metric of one item.</summary>
/// <param name="item">Which prompt of the batch.</param>
/// <param name="logits">As for the metric.</param>
/// <param name="gradient">Receives the gradient, in the shape of the logits; every element is to be written.</param>
public delegate void MetricGradient(int item, ReadOnlySpan<double> logits, Span<double> gradient);

/// <summary>A metric by code. It runs here only: it cannot be saved or sent.</summary>
/// <param name="Label">What to call it.</param>
/// <param name="Function">The code.</param>
public sealed record CustomMetric(string Label, MetricFunction Function) : Metric
{
    /// <summary>Its gradient, or null where there is none.</summary>
    public MetricGradient? Derivative { get; init; }

    /// <summary>Which positions it reads.</summary>
    public LogitScope Reads { get; init; } = LogitScope.Last;

    /// <inheritdoc/>
    public override string Name => Label;

    /// <inheritdoc/>
    public override bool Differentiable => Derivative is not null;

    /// <inheritdoc/>
    public override LogitScope Scope => Reads;

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits) => Function(item, logits);

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        if (Derivative is null)
        {
            base.Gradient(item, logits, gradient);
        }
        else
        {
            Derivative(item, logits, gradient);
        }
    }
}
