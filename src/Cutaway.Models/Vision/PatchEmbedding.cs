using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Vision;

/// <summary>How an image becomes a sequence of vectors: square patches through one linear map, after a vector that stands for the whole (Dosovitskiy et al. 2021, section 3.1).</summary>
/// <param name="Projection">[d_model, channels · patch · patch], each row ordered by channel, then row, then column.</param>
/// <param name="Class">[d_model], the vector that stands for the whole.</param>
/// <param name="ImageSize">Pixels of a side.</param>
/// <param name="PatchSize">Pixels of a patch's side.</param>
/// <param name="Channels">Values of a pixel.</param>
public sealed unsafe record PatchEmbedding(LinearWeights Projection, WeightVector Class, int ImageSize, int PatchSize, int Channels)
{
    /// <summary>Positions of an image: its patches, and the one for the whole.</summary>
    public int Positions => 1 + (ImageSize / PatchSize * (ImageSize / PatchSize));

    /// <summary>The vectors of images.</summary>
    /// <param name="pixels">[image, channel, row, column], normalised as the model was trained.</param>
    /// <returns>[image, position, d_model].</returns>
    /// <exception cref="CutawayException">The pixels are not those of whole images of this size.</exception>
    public double[] Vectors(ReadOnlySpan<double> pixels)
    {
        int each = Channels * ImageSize * ImageSize;
        if (pixels.Length == 0 || pixels.Length % each != 0)
        {
            throw CutawayException.Input($"{pixels.Length} values are no images; {Channels} × {ImageSize} × {ImageSize} = {each} values each were expected");
        }

        int images = pixels.Length / each;
        int side = ImageSize / PatchSize;
        int width = Channels * PatchSize * PatchSize;
        int d = Projection.Weight.Rows;
        double[] patches = new double[images * side * side * width];
        for (int patch = 0; patch < images * side * side; patch++)
        {
            Patch(pixels.Slice(patch / (side * side) * each, each), patch / side % side, patch % side, patches.AsSpan(patch * width, width));
        }

        double[] embedded = new double[images * side * side * d];
        fixed (double* x = patches)
        fixed (double* y = embedded)
        {
            MatrixProduct.Linear(
                null, new MatrixView<double>(x, images * side * side, width, width), Projection.Weight, Projection.Bias is { } bias ? bias.Pointer<double>() : null, new MatrixView<double>(y, images * side * side, d, d));
        }

        GC.KeepAlive(Projection);
        double[] vectors = new double[images * Positions * d];
        for (int image = 0; image < images; image++)
        {
            Class.Float64.CopyTo(vectors.AsSpan(image * Positions * d, d));
            embedded.AsSpan(image * side * side * d, side * side * d).CopyTo(vectors.AsSpan(((image * Positions) + 1) * d));
        }

        return vectors;
    }

    private void Patch(ReadOnlySpan<double> image, int row, int column, Span<double> patch)
    {
        for (int channel = 0; channel < Channels; channel++)
        {
            for (int y = 0; y < PatchSize; y++)
            {
                int start = (((channel * ImageSize) + (row * PatchSize) + y) * ImageSize) + (column * PatchSize);
                image.Slice(start, PatchSize).CopyTo(patch.Slice(((channel * PatchSize) + y) * PatchSize, PatchSize));
            }
        }
    }
}
