using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>Generates token by token through a key/value cache, with interventions held in every step.</summary>
internal static class Generator
{
    public static Generation Generate<T>(
        LanguageModel model, ForwardPass<T> pass, IReadOnlyList<int> prompt, IReadOnlyList<PlanItem> plan, GenerationOptions options, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (options.MaxTokens < 1 || options.Temperature < 0 || !double.IsFinite(options.Temperature))
        {
            throw CutawayException.Usage($"generation needs at least one token and a temperature of 0 or more; got {options.MaxTokens} and {options.Temperature}");
        }

        if (plan.OfType<Capture>().Any())
        {
            throw CutawayException.Usage("captures are not kept during generation; run the generated text with the captures wanted");
        }

        NetworkConfig config = model.Network.Config;
        if (options.MaxTokens > config.Context - prompt.Count)
        {
            throw CutawayException.Input($"{prompt.Count} prompt tokens and {options.MaxTokens} to generate exceed the context of {config.Context}");
        }

        PlanListener<T>? listener = plan.Count == 0 ? null : new(CompiledPlan.Compile(model.Network.Hooks, plan, TokenBatch.Single(prompt), options.MaxTokens));
        KeyValueCache cache = KeyValueCache.Create<T>(config, 1, prompt.Count + options.MaxTokens);
        SeededRandom random = new((ulong)options.Seed);
        List<int> ids = new(options.MaxTokens);
        List<double> logProbabilities = new(options.MaxTokens);
        List<double> gaps = new(options.MaxTokens);
        int[] step = [.. prompt];
        double[] weights = options.Temperature > 0 ? new double[config.Vocabulary] : [];
        while (true)
        {
            pass.Run(new ForwardRequest(step, 1, step.Length) { Cache = cache, Logits = LogitScope.Last }, listener, cancellation);
            ReadOnlySpan<T> logits = pass.Logits;
            (int best, double gap) = Best(logits);
            int chosen = options.Temperature > 0 ? Draw(logits, options.Temperature, weights, random) : best;
            ids.Add(chosen);
            gaps.Add(gap);
            logProbabilities.Add(double.CreateTruncating(logits[chosen]) - Softmax.LogSumExp(logits));
            options.OnToken?.Invoke(chosen);
            if (ids.Count == options.MaxTokens || (options.StopAtEnd && chosen == model.Tokenizer.EndOfText))
            {
                break;
            }

            if (step.Length != 1)
            {
                step = new int[1];
            }

            step[0] = chosen;
            listener?.Generating = true;
        }

        listener?.CheckFired(cache.Length);
        return new(prompt, ids, model.Tokenizer.Decode(ids.ToArray(), skipSpecialTokens: true), logProbabilities, gaps);
    }

    private static (int Best, double Gap) Best<T>(ReadOnlySpan<T> logits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int best = 0;
        T second = T.NegativeInfinity;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
            {
                second = logits[best];
                best = i;
            }
            else if (logits[i] > second)
            {
                second = logits[i];
            }
        }

        if (T.IsNaN(logits[best]))
        {
            throw CutawayException.Model("the logits are not numbers (NaN): an intervention or a weight is not finite");
        }

        return (best, double.CreateTruncating(logits[best] - second));
    }

    private static int Draw<T>(ReadOnlySpan<T> logits, double temperature, double[] weights, SeededRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double max = double.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            weights[i] = double.CreateTruncating(logits[i]) / temperature;
            max = Math.Max(max, weights[i]);
        }

        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp(weights[i] - max);
            sum += weights[i];
        }

        double point = random.NextDouble() * sum;
        for (int i = 0; i < weights.Length; i++)
        {
            point -= weights[i];
            if (point < 0)
            {
                return i;
            }
        }

        return Array.FindLastIndex(weights, weight => weight > 0);
    }
}
