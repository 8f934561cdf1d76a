using System.Numerics;

namespace Cutaway.Tensors.Kernels;

/// <summary>How the logits of a router become the weights of experts.</summary>
public enum ExpertScoring
{
    /// <summary>The softmax over all experts (Shazeer et al. 2017; Mixtral).</summary>
    Softmax,

    /// <summary>The sigmoid of each (DeepSeek-V3).</summary>
    Sigmoid,
}

/// <summary>How the experts of a position are chosen and weighted, from its row of router logits.</summary>
/// <param name="Scoring">How logits become scores.</param>
/// <param name="Renormalize">Whether the chosen experts' weights are divided by their sum.</param>
/// <param name="Scale">Factor on all weights.</param>
/// <param name="Groups">Groups of equally many experts, of which only <paramref name="ChosenGroups"/> are chosen from; 1 for none.</param>
/// <param name="ChosenGroups">Groups that are chosen from.</param>
/// <param name="ByPairs">Whether a group is as good as its two best experts together (DeepSeek-V3) rather than its best one (DeepSeek-V2).</param>
public sealed record ExpertRouting(ExpertScoring Scoring, bool Renormalize, double Scale = 1, int Groups = 1, int ChosenGroups = 1, bool ByPairs = false)
{
    // What DeepSeek-V3 adds to a sum before it divides.
    private const double Least = 1e-20;

    /// <summary>Chooses experts: those of the highest scores, in ascending order; of equal ones the first.</summary>
    /// <param name="logits">[experts].</param>
    /// <param name="bias">[experts], added to scores for the choice only; or empty.</param>
    /// <param name="scores">[experts], for the work.</param>
    /// <param name="chosen">[chosen experts].</param>
    public void Choose<T>(ReadOnlySpan<T> logits, ReadOnlySpan<T> bias, Span<T> scores, Span<int> chosen)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Score(logits, scores);
        for (int i = 0; i < bias.Length; i++)
        {
            scores[i] += bias[i];
        }

        LeaveGroups(scores);
        for (int k = 0; k < chosen.Length; k++)
        {
            int best = -1;
            for (int i = 0; i < scores.Length; i++)
            {
                if (!chosen[..k].Contains(i) && (best < 0 || scores[i] > scores[best]))
                {
                    best = i;
                }
            }

            chosen[k] = best;
        }

        chosen.Sort();
    }

    /// <summary>The weights of chosen experts.</summary>
    /// <param name="logits">[experts].</param>
    /// <param name="chosen">[chosen experts].</param>
    /// <param name="scores">[experts], for the work; holds the scores afterwards.</param>
    /// <param name="weights">[chosen experts].</param>
    public void Weigh<T>(ReadOnlySpan<T> logits, ReadOnlySpan<int> chosen, Span<T> scores, Span<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Score(logits, scores);
        T sum = Renormalize ? Sum(scores, chosen) : T.One;
        for (int k = 0; k < chosen.Length; k++)
        {
            weights[k] = T.CreateTruncating(Scale) * (scores[chosen[k]] / sum);
        }
    }

    /// <summary>The gradient of the logits from that of the weights.</summary>
    /// <param name="logits">[experts].</param>
    /// <param name="chosen">[chosen experts].</param>
    /// <param name="dWeights">[chosen experts].</param>
    /// <param name="scores">[experts], for the work.</param>
    /// <param name="dLogits">[experts].</param>
    public void Backward<T>(ReadOnlySpan<T> logits, ReadOnlySpan<int> chosen, ReadOnlySpan<T> dWeights, Span<T> scores, Span<T> dLogits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Score(logits, scores);
        dLogits.Clear();
        T sum = Renormalize ? Sum(scores, chosen) : T.One;
        T mean = T.Zero;
        for (int k = 0; k < chosen.Length; k++)
        {
            dLogits[chosen[k]] = T.CreateTruncating(Scale) * dWeights[k] / sum;
            mean += dLogits[chosen[k]] * scores[chosen[k]];
        }

        // dLogits holds the gradient of the scores; a sum they are divided by takes the same from each of the chosen.
        for (int k = 0; Renormalize && k < chosen.Length; k++)
        {
            dLogits[chosen[k]] -= mean / sum;
        }

        if (Scoring == ExpertScoring.Sigmoid)
        {
            for (int i = 0; i < scores.Length; i++)
            {
                dLogits[i] *= scores[i] * (T.One - scores[i]);
            }

            return;
        }

        T along = T.Zero;
        for (int i = 0; i < scores.Length; i++)
        {
            along += dLogits[i] * scores[i];
        }

        for (int i = 0; i < scores.Length; i++)
        {
            dLogits[i] = scores[i] * (dLogits[i] - along);
        }
    }

    private void Score<T>(ReadOnlySpan<T> logits, Span<T> scores)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Scoring == ExpertScoring.Softmax)
        {
            Softmax.Row(logits, scores);
            return;
        }

        for (int i = 0; i < logits.Length; i++)
        {
            scores[i] = T.One / (T.One + T.Exp(-logits[i]));
        }
    }

    // The scores of experts in groups that are not chosen from become minus infinity.
    private void LeaveGroups<T>(Span<T> scores)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Groups == 1 || ChosenGroups >= Groups)
        {
            return;
        }

        int size = scores.Length / Groups;
        Span<T> worth = stackalloc T[Groups];
        for (int group = 0; group < Groups; group++)
        {
            (T best, T second) = (T.NegativeInfinity, T.NegativeInfinity);
            foreach (T score in scores.Slice(group * size, size))
            {
                (best, second) = score > best ? (score, best) : (best, T.Max(second, score));
            }

            worth[group] = ByPairs && size > 1 ? best + second : best;
        }

        for (int group = 0; group < Groups; group++)
        {
            int better = 0;
            for (int other = 0; other < Groups; other++)
            {
                better += worth[other] > worth[group] || (worth[other] == worth[group] && other < group) ? 1 : 0;
            }

            if (better >= ChosenGroups)
            {
                scores.Slice(group * size, size).Fill(T.NegativeInfinity);
            }
        }
    }

    private static T Sum<T>(ReadOnlySpan<T> scores, ReadOnlySpan<int> chosen)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T sum = T.CreateTruncating(Least);
        foreach (int expert in chosen)
        {
            sum += scores[expert];
        }

        return sum;
    }
}
