using Cutaway.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Sentences;

/// <summary>One vector for each of some texts.</summary>
/// <param name="Vectors">[text, d_model].</param>
/// <param name="Tokens">How many tokens of each text were read.</param>
public sealed record SentenceEmbeddings(Tensor Vectors, IReadOnlyList<int> Tokens)
{
    /// <summary>The cosine of the angle between every two vectors, [text][text].</summary>
    public IReadOnlyList<IReadOnlyList<double>> Similarities()
    {
        int width = Vectors.Shape[1];
        double[] values = Vectors.ToDoubles();
        double[][] rows = [.. values.Chunk(width)];
        return [.. rows.Select(a => (IReadOnlyList<double>)[.. rows.Select(b => TensorPrimitives.CosineSimilarity<double>(a, b))])];
    }
}
