using Cutaway.Data;
using Cutaway.Models.Network;
using Cutaway.Runs;

namespace Cutaway.Metrics;

/// <summary>The metrics that can be named on a command line.</summary>
public enum MetricChoice
{
    /// <summary>Logit of the answer minus that of the other token.</summary>
    LogitDifference,

    /// <summary>Probability of the answer.</summary>
    Probability,

    /// <summary>Log-probability of the answer.</summary>
    LogProbability,

    /// <summary>Probability of right tokens minus that of wrong ones.</summary>
    ProbabilityDifference,

    /// <summary>KL divergence from the clean prompt's prediction.</summary>
    Kl,

    /// <summary>Cross-entropy of the answer.</summary>
    CrossEntropy,

    /// <summary>Cross-entropy of every next token of the clean prompt.</summary>
    NextTokenLoss,

    /// <summary>Rank of the answer, 0 for the first choice.</summary>
    Rank,

    /// <summary>Whether the answer is the first choice.</summary>
    Accuracy,

    /// <summary>Cosine between the centred logits and the clean prompt's.</summary>
    Cosine,
}

/// <summary>Makes the chosen metric for pairs of prompts.</summary>
public static class MetricChoices
{
    /// <summary>The metric for every pair.</summary>
    /// <param name="choice">Its name.</param>
    /// <param name="model">Runs the clean prompts where the metric compares with them.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="cancellation">Cancels that run.</param>
    /// <exception cref="CutawayException">The metric cannot be read off such answers.</exception>
    public static Metric For(this MetricChoice choice, LanguageModel model, PairBatch pairs, CancellationToken cancellation = default)
    {
        if (pairs.AnswerTokens == AnswerTokens.Sum && choice is not (MetricChoice.LogProbability or MetricChoice.NextTokenLoss))
        {
            throw CutawayException.Usage($"--metric {KebabCase.Of(choice.ToString())} reads one position; answers summed over their tokens are measured by log-probability");
        }

        return choice switch
        {
            MetricChoice.Probability => new Probability(pairs.Answers),
            MetricChoice.LogProbability when pairs.AnswerTokens == AnswerTokens.Sum => LogProbability.Sum(pairs.Clean, pairs.Continuations),
            MetricChoice.LogProbability => new LogProbability(pairs.Answers),
            MetricChoice.ProbabilityDifference => TwoDigitNumbers.Difference(model, pairs),
            MetricChoice.Kl => new KlDivergence(CleanLogits()),
            MetricChoice.CrossEntropy => CrossEntropyLoss.OfAnswers(pairs.Answers),
            MetricChoice.NextTokenLoss => CrossEntropyLoss.OfPrompts(pairs.Clean),
            MetricChoice.Rank => new Rank(pairs.Answers),
            MetricChoice.Accuracy => new Accuracy(pairs.Answers),
            MetricChoice.Cosine => new CentredCosine(CleanLogits()),
            _ => new LogitDifference(pairs.Answers, pairs.Versus),
        };

        double[][] CleanLogits()
        {
            Run run = model.Run(pairs.Clean, [], LogitScope.Last, cancellation);
            return [.. Enumerable.Range(0, pairs.Clean.Batch).Select(run.LastLogits)];
        }
    }
}
