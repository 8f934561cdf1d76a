using Cutaway.Models.Network;

namespace Cutaway.Models.Vision;

/// <summary>A network that reads images: patches go in as vectors, and the network ends in states.</summary>
/// <param name="Network">The network; it has every hook point that one of text has.</param>
/// <param name="Patches">How an image becomes its input.</param>
/// <param name="Head">What reads the state of the whole image after the final norm: classes (ViT), or a space shared with text (CLIP); null where there is none.</param>
public sealed record ImageNetwork(TransformerNetwork Network, PatchEmbedding Patches, LinearWeights? Head)
{
    /// <summary>The request of a run on images: pass it to a <see cref="ForwardPass{T}"/> of <see cref="Network"/>.</summary>
    /// <param name="pixels">[image, channel, row, column], normalised as the model was trained.</param>
    /// <exception cref="CutawayException">The pixels are not those of whole images of the model's size.</exception>
    public ForwardRequest Request(ReadOnlySpan<double> pixels)
    {
        double[] vectors = Patches.Vectors(pixels);
        int images = vectors.Length / (Patches.Positions * Network.Config.DModel);
        return new ForwardRequest(new int[images * Patches.Positions], images, Patches.Positions) { Vectors = vectors, Logits = LogitScope.None };
    }

    /// <summary>What the head makes of states after the final norm.</summary>
    /// <param name="states">[image, position, d_model]: <c>unembed.hook_in</c> of a run.</param>
    /// <returns>[image, output].</returns>
    /// <exception cref="CutawayException">The model has no head.</exception>
    public double[] Read(ReadOnlySpan<double> states)
    {
        LinearWeights head = Head ?? throw CutawayException.Usage($"this {Network.Config.Architecture} has no head; read its states");
        int d = Network.Config.DModel;
        List<double> result = [];
        for (int start = 0; start < states.Length; start += Patches.Positions * d)
        {
            result.AddRange(Heads.Apply(head, states.Slice(start, d)));
        }

        return [.. result];
    }
}
