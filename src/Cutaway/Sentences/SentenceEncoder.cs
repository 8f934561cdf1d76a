using System.Globalization;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Sites;
using Cutaway.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Sentences;

/// <summary>Makes embeddings: the last states of each text's tokens, pooled.</summary>
internal static class SentenceEncoder
{
    // Positions that run together: enough for the products to be at their best, few enough for the activations to stay in cache.
    private const int PositionsPerBatch = 1024;

    /// <summary>Embeds sequences of ids; those of like length share a batch, so that little is padded.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">How states become vectors.</param>
    /// <param name="sequences">Ids of each text.</param>
    /// <param name="plan">Interventions; positions count within each text.</param>
    /// <param name="progress">Reports and cancels.</param>
    public static SentenceEmbeddings Embed(
        LanguageModel model, SentenceSettings settings, IReadOnlyList<IReadOnlyList<int>> sequences, IReadOnlyList<Intervention> plan, Progress progress)
    {
        int width = model.Config.DModel;
        double[] vectors = new double[checked(sequences.Count * width)];
        Site site = new(LastStates(model.Network));
        int done = 0;
        foreach (int[] batch in Batches(sequences))
        {
            progress.Step("embedding", done, sequences.Count);
            TokenBatch tokens = TokenBatch.Pad([.. batch.Select(i => sequences[i])], left: false);
            double[] states = model.Run(tokens, [.. plan, Capture.At(site)], LogitScope.None, progress.Cancellation)[site].ToDoubles();
            for (int b = 0; b < batch.Length; b++)
            {
                Span<double> vector = vectors.AsSpan(batch[b] * width, width);
                Pool(settings.Pooling, states.AsSpan(b * tokens.Length * width, sequences[batch[b]].Count * width), vector);
                if (settings.Normalized && TensorPrimitives.Norm<double>(vector) is > 0 and double length)
                {
                    TensorPrimitives.Divide(vector, length, vector);
                }
            }

            done += batch.Length;
        }

        progress.Step("embedding", done, sequences.Count);
        return new SentenceEmbeddings(Tensor.Of(vectors, [sequences.Count, width], ["text", "d_model"]).To(model.DType), [.. sequences.Select(ids => ids.Count)]);
    }

    /// <summary>The ids of a text, cut to what the model takes: from the end of the text, so that the tokens around it stay.</summary>
    public static IReadOnlyList<int> Encode(LanguageModel model, SentenceSettings settings, string text)
    {
        string read = settings.LowerCase ? text.ToLower(CultureInfo.InvariantCulture) : text;
        int[] ids = Ids(special: true);
        if (ids.Length == 0)
        {
            throw CutawayException.Input("a text is empty; give at least one token to embed");
        }

        int most = Math.Min(settings.MaxTokens ?? int.MaxValue, model.Config.Context);
        if (ids.Length <= most)
        {
            return ids;
        }

        int[] inner = Ids(special: false);
        int around = ids.Length - inner.Length;
        int before = Enumerable.Range(0, around + 1).First(start => ids.AsSpan(start, inner.Length).SequenceEqual(inner));
        return [.. ids.AsSpan(0, before), .. inner.AsSpan(0, Math.Max(0, most - around)), .. ids.AsSpan(before + inner.Length)];

        int[] Ids(bool special) => [.. model.Tokenizer.Encode(read, special).Select(token => token.Id)];
    }

    // The states after the last norm: a head's own map, if there is one, is for words.
    private static string LastStates(TransformerNetwork network) =>
        (network.Hooks.Find(HookKind.NormalizedResidPost, network.Config.Layers - 1) ?? network.Hooks.Find(HookKind.UnembedIn)!).Name;

    private static IEnumerable<int[]> Batches(IReadOnlyList<IReadOnlyList<int>> sequences)
    {
        List<int> open = [];
        foreach (int i in Enumerable.Range(0, sequences.Count).OrderByDescending(i => sequences[i].Count))
        {
            // The first of a batch is its longest.
            if (open.Count > 0 && (open.Count + 1) * sequences[open[0]].Count > PositionsPerBatch)
            {
                yield return [.. open];
                open.Clear();
            }

            open.Add(i);
        }

        if (open.Count > 0)
        {
            yield return [.. open];
        }
    }

    private static void Pool(Pooling pooling, ReadOnlySpan<double> states, Span<double> vector)
    {
        int width = vector.Length;
        int count = states.Length / width;
        if (pooling is Pooling.First or Pooling.Last)
        {
            states.Slice(pooling == Pooling.First ? 0 : (count - 1) * width, width).CopyTo(vector);
            return;
        }

        states[..width].CopyTo(vector);
        for (int position = 1; position < count; position++)
        {
            ReadOnlySpan<double> state = states.Slice(position * width, width);
            if (pooling == Pooling.Max)
            {
                TensorPrimitives.Max(vector, state, vector);
            }
            else
            {
                TensorPrimitives.Add(vector, state, vector);
            }
        }

        if (pooling != Pooling.Max)
        {
            TensorPrimitives.Divide(vector, pooling == Pooling.Mean ? count : Math.Sqrt(count), vector);
        }
    }
}
