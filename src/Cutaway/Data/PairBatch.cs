namespace Cutaway.Data;

/// <summary>Prompt pairs as ids, aligned token by token.</summary>
public sealed class PairBatch
{
    private PairBatch(IReadOnlyList<PromptPair> pairs, TokenBatch clean, TokenBatch corrupt, int[] answers, int[] versus)
    {
        Pairs = pairs;
        Clean = clean;
        Corrupt = corrupt;
        Answers = answers;
        Versus = versus;
    }

    /// <summary>The pairs.</summary>
    public IReadOnlyList<PromptPair> Pairs { get; }

    /// <summary>The clean prompts, [pair, pos].</summary>
    public TokenBatch Clean { get; }

    /// <summary>The corrupted prompts, [pair, pos], padded as the clean ones are.</summary>
    public TokenBatch Corrupt { get; }

    /// <summary>The id of each pair's answer.</summary>
    public IReadOnlyList<int> Answers { get; }

    /// <summary>The id it is compared with.</summary>
    public IReadOnlyList<int> Versus { get; }

    /// <summary>Encodes pairs and checks that they align.</summary>
    /// <exception cref="CutawayException">A pair's prompts differ in length, are the same, or an answer is not one token.</exception>
    public static PairBatch Encode(LanguageModel model, params IReadOnlyList<PromptPair> pairs)
    {
        IReadOnlyList<int>[] clean = [.. pairs.Select(pair => model.Encode(pair.Clean))];
        IReadOnlyList<int>[] corrupt = [.. pairs.Select(pair => model.Encode(pair.Corrupt))];
        for (int i = 0; i < pairs.Count; i++)
        {
            if (clean[i].Count != corrupt[i].Count)
            {
                throw CutawayException.Input($"pair {i}: the clean prompt has {clean[i].Count} tokens and the corrupted one {corrupt[i].Count}; patching needs as many in both");
            }
        }

        return new(pairs, TokenBatch.Pad(clean), TokenBatch.Pad(corrupt), [.. pairs.Select(pair => model.SingleToken(pair.Answer))], [.. pairs.Select(pair => model.SingleToken(pair.Versus))]);
    }
}
