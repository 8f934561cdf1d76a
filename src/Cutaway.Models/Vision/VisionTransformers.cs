using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Network.Processing;
using Cutaway.Tensors;

namespace Cutaway.Models.Vision;

/// <summary>Reads networks of images: ViT (Dosovitskiy et al. 2021) and DINOv2 (Oquab et al. 2024).</summary>
public static class VisionTransformers
{
    private const string Vit = "ViTForImageClassification";
    private const string Dino = "Dinov2Model";

    /// <summary>Opens a checkpoint folder.</summary>
    /// <param name="folder">Holds config.json and weights.</param>
    /// <exception cref="CutawayException">It holds no such network, or a key or tensor is wrong.</exception>
    public static ImageNetwork Open(string folder)
    {
        ConfigReader config = ConfigReader.Open(Path.Combine(folder, "config.json"));
        return Read(config, new WeightReader(Checkpoint.Open(folder), folder));
    }

    /// <summary>Whether a configuration is of a network that is read here.</summary>
    internal static bool Knows(ConfigReader config) => config.OptionalTexts("architectures") is [Vit or Dino, ..];

    /// <summary>Reads a network.</summary>
    internal static ImageNetwork Read(ConfigReader config, WeightReader weights)
    {
        return config.OptionalTexts("architectures") switch
        {
            [Vit, ..] => ReadVit(config, weights),
            [Dino, ..] => ReadDino(config, weights),
            var names => throw CutawayException.Model($"{config.Source} is of {(names is [string name, ..] ? Quote.Name(name) : "no class")}; {Vit} or {Dino} was expected"),
        };
    }

    /// <summary>The shape that networks of images share.</summary>
    /// <param name="config">The configuration, or the part of it that is about images.</param>
    /// <param name="architecture">The class.</param>
    /// <param name="dMlp">Neurons.</param>
    /// <param name="positions">Positions of an image.</param>
    internal static NetworkConfig Configure(ConfigReader config, string architecture, int dMlp, int positions)
    {
        int layers = config.Size(Limits.Layers, "num_hidden_layers");
        int dModel = config.Size(Limits.Width, "hidden_size");
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int dHead = HeadShape.Divide(config, "num_attention_heads", heads, "hidden_size", dModel);
        return new NetworkConfig
        {
            Architecture = architecture,
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads,
            DHead = dHead,
            DMlp = dMlp,
            Vocabulary = 1,
            Context = positions,
            Norm = NormKind.Layer,
            NormEpsilon = config.Positive("layer_norm_eps"),
            Positions = PositionKind.Learned,
            Causal = false,
            Unembeds = false,
            Activation = ActivationNames.Read(config, "hidden_act"),
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 1 / Math.Sqrt(dHead) }, layers)],
        };
    }

    /// <summary>How images of a configuration become vectors.</summary>
    internal static PatchEmbedding Patches(ConfigReader config, WeightReader weights, int dModel, string projection, bool bias, string classToken, params ReadOnlySpan<int> classShape)
    {
        int image = config.Size(Limits.Width, "image_size");
        int patch = config.Size(Limits.Width, "patch_size");
        int channels = config.OptionalSize(Limits.Width, "num_channels") ?? 3;
        if (image % patch != 0)
        {
            throw config.Fault("patch_size", patch, $"a divisor of 'image_size' ({image}) was expected");
        }

        LinearWeights map = new(weights.Convolution($"{projection}.weight", dModel, channels, patch), bias ? weights.Vector($"{projection}.bias", dModel) : null);
        return new PatchEmbedding(map, weights.Vector(classToken, classShape), image, patch, channels);
    }

    private static ImageNetwork ReadVit(ConfigReader config, WeightReader weights)
    {
        int d = config.Size(Limits.Width, "hidden_size");
        PatchEmbedding patches = Patches(config, weights, d, "vit.embeddings.patch_embeddings.projection", bias: true, "vit.embeddings.cls_token", 1, 1, d);
        NetworkConfig network = Configure(config, Vit, config.Size(Limits.Width, "intermediate_size"), patches.Positions);
        bool bias = config.Flag("qkv_bias", absent: true);
        BlockWeights[] blocks = [.. Enumerable.Range(0, network.Layers).Select(layer =>
        {
            string name = $"vit.encoder.layer.{layer}";
            return new BlockWeights(
                new AttentionWeights(
                    weights.Linear($"{name}.attention.attention.query", d, d, bias),
                    weights.Linear($"{name}.attention.attention.key", d, d, bias),
                    weights.Linear($"{name}.attention.attention.value", d, d, bias),
                    weights.Linear($"{name}.attention.output.dense", d, d, bias: true)),
                new MlpWeights(
                    weights.Linear($"{name}.intermediate.dense", network.DMlp, d, bias: true),
                    weights.Linear($"{name}.output.dense", d, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.layernorm_before", d, bias: true),
                MlpNorm = weights.Norm($"{name}.layernorm_after", d, bias: true),
            };
        })];
        LinearWeights classifier = new(weights.AnyRows("classifier.weight", d), weights.Has("classifier.bias") ? weights.AnyVector("classifier.bias") : null);
        return Finish(network, blocks, patches, classifier, weights, "vit.embeddings.position_embeddings", "vit.layernorm", "vit.pooler.dense.weight", "vit.pooler.dense.bias");
    }

    private static ImageNetwork ReadDino(ConfigReader config, WeightReader weights)
    {
        if (config.Flag("use_swiglu_ffn", absent: false))
        {
            throw config.Fault("use_swiglu_ffn", "true", "only MLPs without gate are supported");
        }

        int d = config.Size(Limits.Width, "hidden_size");
        string root = weights.Has("dinov2.embeddings.cls_token") ? "dinov2." : "";
        PatchEmbedding patches = Patches(config, weights, d, $"{root}embeddings.patch_embeddings.projection", bias: true, $"{root}embeddings.cls_token", 1, 1, d);
        NetworkConfig network = Configure(config, Dino, d * config.Size(Limits.Layers, "mlp_ratio"), patches.Positions);
        bool bias = config.Flag("qkv_bias", absent: true);
        BlockWeights[] blocks = [.. Enumerable.Range(0, network.Layers).Select(layer =>
        {
            string name = $"{root}encoder.layer.{layer}";
            return new BlockWeights(
                new AttentionWeights(
                    weights.Linear($"{name}.attention.attention.query", d, d, bias),
                    weights.Linear($"{name}.attention.attention.key", d, d, bias),
                    weights.Linear($"{name}.attention.attention.value", d, d, bias),
                    Scaled(weights.Linear($"{name}.attention.output.dense", d, d, bias: true), $"{name}.layer_scale1.lambda1")),
                new MlpWeights(
                    weights.Linear($"{name}.mlp.fc1", network.DMlp, d, bias: true),
                    Scaled(weights.Linear($"{name}.mlp.fc2", d, network.DMlp, bias: true), $"{name}.layer_scale2.lambda1")))
            {
                AttentionNorm = weights.Norm($"{name}.norm1", d, bias: true),
                MlpNorm = weights.Norm($"{name}.norm2", d, bias: true),
            };
        })];
        return Finish(network, blocks, patches, null, weights, $"{root}embeddings.position_embeddings", $"{root}layernorm", "embeddings.mask_token");

        // What a part adds is multiplied element by element (Touvron et al. 2021, LayerScale), which its output's rows can take on.
        LinearWeights Scaled(LinearWeights output, string factors)
        {
            double[] scale = weights.Vector(factors, d).Float64.ToArray();
            return new LinearWeights(
                output.Weight.Rewrite(output.Weight.Type == Tensors.Storage.ElementType.Float64 ? DType.Float64 : DType.Float32, (row, values) =>
                {
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] *= scale[row];
                    }
                }),
                new WeightVector([.. output.Bias!.Float64.ToArray().Select((value, i) => value * scale[i])]));
        }
    }

    private static ImageNetwork Finish(
        NetworkConfig network, BlockWeights[] blocks, PatchEmbedding patches, LinearWeights? head, WeightReader weights, string positions, string norm, params ReadOnlySpan<string> unused)
    {
        ImageNetwork result = new(Join(network, blocks, weights.Positions(positions, patches.Positions, network.DModel), weights.Norm(norm, network.DModel, bias: true)), patches, head);
        weights.Finish(unused);
        return result;
    }

    /// <summary>A network whose input is vectors; what stands in the embedding's place is never read.</summary>
    internal static TransformerNetwork Join(NetworkConfig network, BlockWeights[] blocks, Tensors.Storage.WeightMatrix positions, NormWeights finalNorm, NormWeights? inputNorm = null) =>
        new(network, new NetworkWeights(positions, blocks, new LinearWeights(positions)) { Positions = positions, FinalNorm = finalNorm, InputNorm = inputNorm });
}
