using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Analysis;

/// <summary>What one place of the residual stream would predict.</summary>
/// <param name="Top">The most likely tokens; scores are log-probabilities.</param>
/// <param name="Entropy">Entropy of the prediction, in nats.</param>
/// <param name="Kl">KL(final ‖ this), in nats: how far it is from what the model ends up predicting.</param>
/// <param name="Rank">How many tokens are more likely than the followed one.</param>
/// <param name="LogProbability">The followed token's log-probability.</param>
/// <param name="Versus">That of the token it is compared with, or null.</param>
public sealed record LensCell(IReadOnlyList<ScoredToken> Top, double Entropy, double Kl, int Rank, double LogProbability, double? Versus);

/// <summary>Reads rows of logits as predictions, against the prediction that the model ends with.</summary>
/// <param name="model">The model.</param>
/// <param name="top">Tokens listed.</param>
internal sealed class LensReader(LanguageModel model, int top)
{
    private readonly double[] logits = new double[model.Config.Vocabulary];
    private readonly double[] exponentials = new double[model.Config.Vocabulary];

    /// <summary>Log-probabilities of a row of logits, into <paramref name="logProbabilities"/>.</summary>
    public void LogProbabilities(ReadOnlySpan<double> row, Span<double> logProbabilities) =>
        TensorPrimitives.Subtract(row, LogSum(row, out _), logProbabilities);

    /// <summary>Reads one row.</summary>
    /// <param name="row">[vocab].</param>
    /// <param name="final">The model's own log-probabilities at the position.</param>
    /// <param name="follow">The token that is followed.</param>
    /// <param name="versus">The token it is compared with, or null.</param>
    public LensCell Read(ReadOnlySpan<double> row, ReadOnlySpan<double> final, int follow, int? versus)
    {
        row.CopyTo(logits);
        double logSum = LogSum(logits, out double mean);
        double kl = 0;
        int rank = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            rank += logits[i] > logits[follow] ? 1 : 0;
        }

        TensorPrimitives.Exp(final, exponentials);
        for (int i = 0; i < logits.Length; i++)
        {
            kl += exponentials[i] == 0 ? 0 : exponentials[i] * (final[i] - (logits[i] - logSum));
        }

        ScoredToken[] best = [.. Reductions.TopK<double>(logits, top).Select(id => new ScoredToken(id, model.Tokenizer.TokenText(id), logits[id] - logSum))];

        // H = log Z - E[logit].
        return new LensCell(best, logSum - mean, kl, rank, logits[follow] - logSum, versus is int other ? logits[other] - logSum : null);
    }

    private double LogSum(ReadOnlySpan<double> row, out double mean)
    {
        double max = TensorPrimitives.Max(row);
        TensorPrimitives.Subtract(row, max, exponentials);
        TensorPrimitives.Exp<double>(exponentials, exponentials);
        double sum = TensorPrimitives.Sum<double>(exponentials);
        mean = TensorPrimitives.Dot(exponentials, row) / sum;
        return max + Math.Log(sum);
    }
}
