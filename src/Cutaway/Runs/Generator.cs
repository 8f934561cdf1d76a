using System.Numerics;
using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>Generates token by token through a key/value cache, with interventions held in every step.</summary>
internal static class Generator
{
    /// <summary>Continues prompts; those of unequal length share a batch, padded on the left.</summary>
    public static IReadOnlyList<Generation> Generate<T>(
        LanguageModel model, ForwardPass<T> pass, IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyList<PlanItem> plan, GenerationOptions options, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Check(model, prompts, plan, options);
        GenerationRules rules = new(model, options);
        return options.Strategy switch
        {
            BeamSearch beams => [.. prompts.Select(prompt => new BeamSearcher<T>(model, pass, rules, options, beams).Search(prompt, plan, cancellation))],
            ContrastiveSearch search => [.. prompts.Select(prompt => ContrastiveSearcher.Search(model, pass, rules, options, search, prompt, plan, cancellation))],
            _ => Sample(model, pass, rules, prompts, plan, options, cancellation),
        };
    }

    private static Generation[] Sample<T>(
        LanguageModel model, ForwardPass<T> pass, GenerationRules rules, IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyList<PlanItem> plan, GenerationOptions options, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TokenBatch batch = TokenBatch.Pad(prompts);
        PlanListener<T>? listener = plan.Count == 0 ? null : new(CompiledPlan.Compile(model.Network.Hooks, plan, batch, options.MaxTokens));
        DolaContrast<T>? dola = options.Strategy is Dola contrast ? new(pass, listener, contrast) : null;
        KeyValueCache cache = KeyValueCache.Create<T>(model.Config, batch.Batch, batch.Length + options.MaxTokens);
        GeneratedSequence[] sequences = [.. prompts.Select(rules.Begin)];
        List<IReadOnlyDictionary<string, Tensor>> captures = [];
        bool capturing = plan.OfType<Capture>().Any();
        ReadOnlyMemory<int> ids = batch.Ids;
        int[] next = new int[batch.Batch];
        int length = batch.Length;
        int vocabulary = model.Config.Vocabulary;
        for (int step = 0; ; step++)
        {
            listener?.Step = step;
            ForwardRequest request = new(ids, batch.Batch, length) { AttentionMask = Mask(batch, cache.Length + length), Cache = cache, Logits = LogitScope.Last };
            if (capturing || dola is not null)
            {
                // Captures and early layers are kept for all positions of a pass, so the prompt is read in one.
                pass.Run(request, dola is null ? listener : dola.Taps, cancellation);
            }
            else
            {
                pass.Prefill(request, listener, cancellation: cancellation);
            }

            if (capturing)
            {
                captures.Add(new Dictionary<string, Tensor>(listener!.Captured));
            }

            bool goesOn = false;
            for (int b = 0; b < sequences.Length; b++)
            {
                GeneratedSequence sequence = sequences[b];
                if (sequence.Finish is null)
                {
                    ReadOnlySpan<T> logits = pass.Logits.Slice(b * vocabulary, vocabulary);
                    double gap = GenerationRules.Gap(logits);
                    int chosen = dola is null ? rules.Choose(logits, sequence) : rules.Choose(dola.Apply(logits, ((b + 1) * length) - 1), sequence);
                    rules.Accept(sequence, chosen, double.CreateTruncating(logits[chosen]) - Softmax.LogSumExp(logits), gap);
                    rules.Tell(sequence);
                    goesOn |= sequence.Finish is null;
                }

                // A text that has ended runs on unread until the others have.
                next[b] = sequence.Last;
            }

            if (!goesOn)
            {
                break;
            }

            (ids, length) = (next, 1);
        }

        listener?.CheckFired(cache.Length);
        return [.. sequences.Select(sequence => sequence.ToGeneration(model) with { Captures = captures })];
    }

    private static void Check(LanguageModel model, IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyList<PlanItem> plan, GenerationOptions options)
    {
        if (!model.Config.Causal)
        {
            throw CutawayException.Usage($"'{model.Name}' is an encoder: it reads in both directions and continues no text. Use a decoder, or read its hidden states with `cutaway run`");
        }

        if (!model.Config.Unembeds)
        {
            throw CutawayException.Usage($"'{model.Name}' has no unembedding, so it predicts no token; use a model with a language-modelling head");
        }

        options.Validate(model);
        int longest = prompts.Max(prompt => prompt.Count);
        if (options.MaxTokens > model.Config.Context - longest)
        {
            throw CutawayException.Input($"{longest} prompt tokens and {options.MaxTokens} to generate exceed the context of {model.Config.Context}");
        }

        if (prompts.Count > 1 && options.OnText is not null)
        {
            throw CutawayException.Usage($"text is told as it comes for one prompt at a time; {prompts.Count} were given");
        }

        if (plan.FirstOrDefault(item => item is Capture && (prompts.Count > 1 || item.Site.Positions is not null || options.Strategy is BeamSearch or ContrastiveSearch)) is { } capture)
        {
            throw CutawayException.Usage(
                $"'{capture.Site}' cannot be captured in this generation: captures are kept for one prompt, token by token, at all positions; run the generated text with the captures wanted");
        }
    }

    // The padding of the prompts, and what was generated since, which is real.
    private static bool[]? Mask(TokenBatch batch, int total)
    {
        if (batch.Mask.IsEmpty)
        {
            return null;
        }

        bool[] mask = new bool[batch.Batch * total];
        for (int b = 0; b < batch.Batch; b++)
        {
            Span<bool> row = mask.AsSpan(b * total, total);
            batch.Mask.Span.Slice(b * batch.Length, batch.Length).CopyTo(row);
            row[batch.Length..].Fill(true);
        }

        return mask;
    }
}
