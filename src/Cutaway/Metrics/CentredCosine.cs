namespace Cutaway.Metrics;

/// <summary>
/// The cosine between the logits at the last position and a reference's, both less their mean over the vocabulary: adding one
/// number to all logits changes no prediction, and so must not change this.
/// </summary>
/// <param name="Reference">[item][vocab], the logits compared with.</param>
public sealed record CentredCosine(IReadOnlyList<double[]> Reference) : Metric
{
    /// <inheritdoc/>
    public override string Name => "cosine";

    /// <inheritdoc/>
    public override double Value(int item, ReadOnlySpan<double> logits)
    {
        (double dot, double squares, double referenceSquares) = Products(item, logits);
        return dot / Math.Sqrt(squares * referenceSquares);
    }

    /// <inheritdoc/>
    public override void Gradient(int item, ReadOnlySpan<double> logits, Span<double> gradient)
    {
        // With both centred: d cos/dx = r / (|x||r|) − cos · x / |x|². The result is centred already.
        ReadOnlySpan<double> reference = Reference[item];
        (double dot, double squares, double referenceSquares) = Products(item, logits);
        double norms = Math.Sqrt(squares * referenceSquares);
        double mean = Mean(logits);
        double referenceMean = Mean(reference);
        for (int i = 0; i < logits.Length; i++)
        {
            gradient[i] = ((reference[i] - referenceMean) / norms) - (dot / norms * (logits[i] - mean) / squares);
        }
    }

    private (double Dot, double Squares, double ReferenceSquares) Products(int item, ReadOnlySpan<double> logits)
    {
        ReadOnlySpan<double> reference = Reference[item];
        double mean = Mean(logits);
        double referenceMean = Mean(reference);
        double dot = 0;
        double squares = 0;
        double referenceSquares = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double a = logits[i] - mean;
            double b = reference[i] - referenceMean;
            dot += a * b;
            squares += a * a;
            referenceSquares += b * b;
        }

        return (dot, squares, referenceSquares);
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }
}
