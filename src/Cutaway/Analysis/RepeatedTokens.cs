using Cutaway.Runs;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

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

    /// <summary>Mean loss of foretelling the first half's tokens, and those of the second but its first, which nothing foretells; nats a token.</summary>
    /// <param name="run">A run over the sequences, with all logits.</param>
    /// <param name="half">Tokens of a half.</param>
    public static (double First, double Second) Losses(Run run, int half)
    {
        Tensor logits = run.Logits;
        int length = run.Tokens.Length;
        int vocabulary = logits.Shape[^1];
        double[] row = new double[vocabulary];
        double first = 0;
        double second = 0;
        int start = length - (2 * half);
        for (int b = 0; b < run.Tokens.Batch; b++)
        {
            for (int i = Math.Max(1, start); i < length; i++)
            {
                int offset = ((b * length) + i - 1) * vocabulary;
                for (int token = 0; token < vocabulary; token++)
                {
                    row[token] = logits.At(offset + token);
                }

                double loss = Softmax.LogSumExp<double>(row) - row[run.Tokens.Row(b)[i]];
                if (i < start + half)
                {
                    first += loss;
                }
                else if (i > start + half)
                {
                    second += loss;
                }
            }
        }

        return (first / (run.Tokens.Batch * (half - (start == 0 ? 1 : 0))), second / (run.Tokens.Batch * (half - 1)));
    }
}
