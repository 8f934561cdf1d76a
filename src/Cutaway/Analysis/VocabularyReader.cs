using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Analysis;

/// <summary>A token with a score.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">Its text.</param>
/// <param name="Score">Its score.</param>
public sealed record ScoredToken(int Id, string Text, double Score);

/// <summary>Reads directions of the residual stream in words.</summary>
public static class VocabularyReader
{
    /// <summary>The change of every logit that a direction causes at a final-norm scale of 1: direction · (norm weight ∘ W_U), centred first where the norm centres.</summary>
    /// <param name="model">The model.</param>
    /// <param name="direction">[d_model].</param>
    /// <param name="postNorm">The norm on what the writer's layer adds (Gemma 2 and 3), passed at scale 1 too; null for none.</param>
    /// <returns>[vocab].</returns>
    public static double[] Logits(LanguageModel model, ReadOnlySpan<double> direction, NormWeights? postNorm = null)
    {
        NetworkConfig config = model.Config;
        StreamSum.Require(config);
        double[] added = postNorm is null ? direction.ToArray() : NormPath.Forward(config, direction, postNorm);
        double[] weighted = NormPath.Forward(config, added, model.Network.Weights.FinalNorm);
        return model.Network.Weights.Unembedding.Weight.Multiply(weighted, model.Network.Pool, model.DType);
    }

    /// <summary>How well every token's embedding, as a norm would pass it on at scale 1, matches a direction that reads the stream.</summary>
    /// <param name="model">The model.</param>
    /// <param name="direction">[d_model], such as a neuron's key.</param>
    /// <param name="norm">The norm in front of the reader, or null.</param>
    /// <returns>[vocab].</returns>
    public static double[] EmbeddingScores(LanguageModel model, ReadOnlySpan<double> direction, NormWeights? norm) =>
        model.Network.Weights.Embedding.Multiply(NormPath.Back(model.Config, direction, norm), model.Network.Pool, model.DType);

    /// <summary>The tokens of the largest scores; with <paramref name="sign"/> -1 those of the smallest.</summary>
    public static IReadOnlyList<ScoredToken> Top(LanguageModel model, double[] scores, int count, int sign = 1)
    {
        double[] ranked = sign < 0 ? Array.ConvertAll(scores, score => -score) : scores;
        return [.. Reductions.TopK<double>(ranked, count).Select(id => new ScoredToken(id, model.Tokenizer.TokenText(id), scores[id]))];
    }
}
