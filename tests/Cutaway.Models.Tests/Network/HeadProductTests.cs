using Cutaway.Models.Parity;
using Cutaway.Tensors.LinearAlgebra;

namespace Cutaway.Models.Network;

public sealed class HeadProductTests
{
    [Theory]
    [InlineData("attn-only-standard")]
    [InlineData("attn-only-shortformer")]
    public void Singular_values_of_QK_and_OV_equal_those_of_TransformerLens(string name)
    {
        TransformerLensGolden golden = new(name);
        TransformerNetwork network = TransformerLensGolden.Load(name);
        NetworkConfig config = network.Config;
        Closeness.Require([golden.Difference("QK.S", Values("W_Q", "W_K")), golden.Difference("OV.S", Values("W_V", "W_O"))]);

        double[] Values(string left, string right) =>
        [
            .. from layer in Enumerable.Range(0, config.Layers)
               from head in Enumerable.Range(0, config.Heads)
               from value in ProductSvd.Of(Vectors(layer, head, left), Vectors(layer, head, right)).Values
               select value,
        ];

        // W_O is [head, d_head, d_model], the others [head, d_model, d_head].
        double[][] Vectors(int layer, int head, string parameter)
        {
            (int d, int width) = (config.DModel, config.DHead);
            double[] values = TransformerLensNames.Read(config, network.Weights, $"blocks.{layer}.attn.{parameter}")[(head * d * width)..((head + 1) * d * width)];
            return parameter == "W_O"
                ? [.. values.Chunk(d)]
                : [.. Enumerable.Range(0, width).Select(e => Enumerable.Range(0, d).Select(i => values[(i * width) + e]).ToArray())];
        }
    }
}
