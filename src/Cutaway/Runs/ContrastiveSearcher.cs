using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>Contrastive search: all candidates of a step run as one batch on the same past.</summary>
internal static class ContrastiveSearcher
{
    /// <summary>Continues a prompt.</summary>
    public static Generation Search<T>(
        LanguageModel model, ForwardPass<T> pass, GenerationRules rules, GenerationOptions options, ContrastiveSearch search, IReadOnlyList<int> prompt, IReadOnlyList<PlanItem> plan, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int count, int vocabulary, int d) = (search.Candidates, model.Config.Vocabulary, model.Config.DModel);
        PlanListener<T>? listener = plan.Count == 0 ? null : new(CompiledPlan.Compile(model.Network.Hooks, plan, TokenBatch.Pad([.. Enumerable.Repeat(prompt, count)]), options.MaxTokens));
        TapListener<T> taps = new(listener, model.Network.Hooks.IndexOf(HookKind.UnembedIn, -1));
        KeyValueCache alone = KeyValueCache.Create<T>(model.Config, 1, prompt.Count);
        pass.Run(new ForwardRequest(prompt.ToArray(), 1, prompt.Count) { Cache = alone, Logits = LogitScope.Last }, taps, cancellation);
        KeyValueCache cache = alone.Repeated<T>(count, prompt.Count + options.MaxTokens);

        // The hidden states of all tokens so far, each of length 1.
        double[] states = new double[(prompt.Count + options.MaxTokens) * d];
        for (int i = 0; i < prompt.Count; i++)
        {
            Normalize(taps[0].Slice(i * d, d), states.AsSpan(i * d, d));
        }

        T[] logits = pass.Logits.ToArray();
        double[] own = new double[d];
        int[] candidates = new int[count];
        GeneratedSequence sequence = rules.Begin(prompt);
        while (true)
        {
            listener?.Step = sequence.Count + 1;
            rules.Step.Begin<T>(logits, sequence.Tokens, prompt.Count);
            rules.Process(sequence);
            ReadOnlySpan<double> probabilities = rules.Step.Probabilities();
            Reductions.TopK(probabilities, count).CopyTo(candidates, 0);
            pass.Run(new ForwardRequest(candidates, count, 1) { Cache = cache, Logits = LogitScope.Last }, taps, cancellation);
            int best = 0;
            double highest = double.NegativeInfinity;
            for (int i = 0; i < count && probabilities[candidates[i]] > 0; i++)
            {
                Normalize(taps[0].Slice(i * d, d), own);
                double similarity = double.NegativeInfinity;
                for (int at = 0; at < prompt.Count + sequence.Count; at++)
                {
                    similarity = Math.Max(similarity, TensorPrimitives.Dot<double>(own, states.AsSpan(at * d, d)));
                }

                double score = ((1 - search.Alpha) * probabilities[candidates[i]]) - (search.Alpha * similarity);
                if (score > highest)
                {
                    (best, highest) = (i, score);
                }
            }

            int chosen = candidates[best];
            Normalize(taps[0].Slice(best * d, d), states.AsSpan((prompt.Count + sequence.Count) * d, d));
            rules.Accept(sequence, chosen, double.CreateTruncating(logits[chosen]) - Softmax.LogSumExp<T>(logits), GenerationRules.Gap<T>(logits));
            rules.Tell(sequence);
            if (sequence.Finish is not null)
            {
                break;
            }

            pass.Logits.Slice(best * vocabulary, vocabulary).CopyTo(logits);
            for (int i = 0; i < count; i++)
            {
                cache.CopySequence<T>(best, i, cache.Length - 1);
            }
        }

        listener?.CheckFired(cache.Length);
        return sequence.ToGeneration(model);
    }

    private static void Normalize<T>(ReadOnlySpan<T> vector, Span<double> result)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TensorPrimitives.ConvertTruncating(vector, result);
        double length = TensorPrimitives.Norm<double>(result);
        TensorPrimitives.Divide(result, length > 0 ? length : 1, result);
    }
}
