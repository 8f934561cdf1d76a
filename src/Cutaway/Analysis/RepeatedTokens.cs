using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>Random tokens said twice: text whose second half can be foretold only by looking back (Olsson et al. 2022).</summary>
internal static class RepeatedTokens
{
    /// <summary>Sequences of random tokens repeated once, after the token that begins a text where the model's tokenizer writes one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="half">Tokens of a half; fewer where the vocabulary or the context is small.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <returns>The sequences, and the length of a half.</returns>
    public static (TokenBatch Tokens, int Half) Draw(LanguageModel model, int batch, int half, int seed)
    {
        int? begin = model.Tokenizer.AddsBeginOfText ? model.Tokenizer.BeginOfText : null;
        int[] candidates = [.. Enumerable.Range(0, Math.Min(model.Config.Vocabulary, model.Tokenizer.Count))
            .Where(id => id != model.Tokenizer.BeginOfText && id != model.Tokenizer.EndOfText)];
        half = Math.Min(half, Math.Min(candidates.Length, (model.Config.Context - (begin is null ? 0 : 1)) / 2));
        if (half < 2)
        {
            throw CutawayException.Usage($"'{model.Name}' has room for no repeated text: a vocabulary of {candidates.Length} tokens and a context of {model.Config.Context}; give a prompt");
        }

        SeededRandom random = new((ulong)(uint)seed);
        List<int[]> rows = [];
        for (int b = 0; b < batch; b++)
        {
            // The first steps of a Fisher-Yates shuffle: tokens of a sequence differ from each other.
            for (int i = 0; i < half; i++)
            {
                int other = i + random.Next(candidates.Length - i);
                (candidates[i], candidates[other]) = (candidates[other], candidates[i]);
            }

            int[] once = candidates[..half];
            rows.Add(begin is int id ? [id, .. once, .. once] : [.. once, .. once]);
        }

        return (TokenBatch.Pad(rows), half);
    }
}
