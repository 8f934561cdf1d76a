using System.Text;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Models.Vision;
using Cutaway.Tensors;
using static Cutaway.Models.Reference.ReferenceMath;

namespace Cutaway.Models.Reference;

/// <summary>DINOv2 against its published definition: patches, a class token, blocks whose parts are scaled element by element.</summary>
public sealed class DinoReferenceTests
{
    private const string Config = """
        { "architectures": ["Dinov2Model"], "model_type": "dinov2", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "mlp_ratio": 2, "image_size": 8,
          "patch_size": 4, "num_channels": 3, "layer_norm_eps": 1e-6, "hidden_act": "gelu", "qkv_bias": true }
        """;

    [Fact]
    public void States_after_the_final_norm_equal_the_reference()
    {
        SeededRandom random = new(5);
        double[] pixels = [.. Enumerable.Range(0, 3 * 8 * 8).Select(_ => (2 * random.NextDouble()) - 1)];
        ReferenceCheckpoint checkpoint = new(Config);
        double[] expected = [.. Reference(checkpoint, pixels).SelectMany(row => row)];
        checkpoint.Take("embeddings.mask_token", 1, 16);
        ImageNetwork images = VisionTransformers.Read(ConfigReader.Parse(Encoding.UTF8.GetBytes(Config), "config.json"), new WeightReader(checkpoint, "reference"));
        HookRecorder<double> recorder = new(images.Network.Hooks, point => point.Kind == HookKind.UnembedIn);
        new ForwardPass<double>(images.Network).Run(images.Request(pixels), recorder);
        Closeness.Require("states", expected, recorder.Seen["unembed.hook_in"].Values, 1e-9);
    }

    [Fact]
    public void Pixels_of_another_size_are_refused()
    {
        ReferenceCheckpoint checkpoint = new(Config);
        _ = Reference(checkpoint, new double[3 * 8 * 8]);
        ImageNetwork images = VisionTransformers.Read(ConfigReader.Parse(Encoding.UTF8.GetBytes(Config), "config.json"), new WeightReader(checkpoint, "reference"));
        Assert.Contains("3 × 8 × 8 = 192", Assert.Throws<CutawayException>(() => images.Request(new double[100])).Message, StringComparison.Ordinal);
        Assert.Contains("has no head", Assert.Throws<CutawayException>(() => images.Read(new double[16])).Message, StringComparison.Ordinal);
    }

    private static double[][] Reference(ReferenceCheckpoint c, double[] pixels)
    {
        const int Width = 16;
        double[] positions = c.Take("embeddings.position_embeddings", 1, 5, Width);
        double[] filter = c.Take("embeddings.patch_embeddings.projection.weight", Width, 3, 4, 4);
        double[] bias = c.Take("embeddings.patch_embeddings.projection.bias", Width);
        double[][] x = [c.Take("embeddings.cls_token", 1, 1, Width), .. Enumerable.Range(0, 4).Select(patch => Multiply(filter, Patch(patch / 2, patch % 2), bias))];
        x = [.. x.Select((row, p) => Add(row, positions[(p * Width)..((p + 1) * Width)]))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"encoder.layer.{layer}";
            double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".norm1", 1e-6, true))];
            double[][] Project(string part) => [.. normed.Select(row => c.Linear(row, $"{name}.attention.attention.{part}", Width, true))];
            double[][] mixed = Attend(Project("query"), Project("key"), Project("value"), 4, 0.5, (_, _) => true);
            double[][] h = [.. x.Zip(mixed, (a, b) => Add(a, Scale(c.Linear(b, name + ".attention.output.dense", Width, true), name + ".layer_scale1.lambda1")))];
            x = [.. h.Select(row => Add(row, Scale(
                c.Linear(Gelu(c.Linear(c.LayerNorm(row, name + ".norm2", 1e-6, true), name + ".mlp.fc1", 32, true)), name + ".mlp.fc2", Width, true), name + ".layer_scale2.lambda1")))];
        }

        return [.. x.Select(row => c.LayerNorm(row, "layernorm", 1e-6, true))];

        double[] Scale(double[] row, string factors) => [.. row.Zip(c.Take(factors, Width), (a, b) => a * b)];

        double[] Patch(int row, int column) =>
        [
            .. from channel in Enumerable.Range(0, 3) from y in Enumerable.Range(0, 4) from z in Enumerable.Range(0, 4) select pixels[(((channel * 8) + (row * 4) + y) * 8) + (column * 4) + z],
        ];
    }
}
