using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Vision;

/// <summary>CLIP (Radford et al. 2021): one network of text and one of images, whose ends are compared in one space.</summary>
/// <param name="Text">The network of text; it reads from the left to the right.</param>
/// <param name="TextProjection">Takes the state at a text's end to the shared space.</param>
/// <param name="Images">The network of images; its head takes an image to the shared space.</param>
/// <param name="LogitScale">Factor on the cosine of a text and an image.</param>
/// <param name="EndOfText">The token at a text's end; null where it is the token of the highest id, as in models before its id was noted.</param>
public sealed record Clip(TransformerNetwork Text, LinearWeights TextProjection, ImageNetwork Images, double LogitScale, int? EndOfText)
{
    private const string Name = "CLIPModel";

    // The id that stood in configurations before they held the right one.
    private const int UnknownEnd = 2;

    /// <summary>Opens a checkpoint folder.</summary>
    /// <exception cref="CutawayException">It holds no CLIP, or a key or tensor is wrong.</exception>
    public static Clip Open(string folder) => Read(ConfigReader.Open(Path.Combine(folder, "config.json")), new WeightReader(Checkpoint.Open(folder), folder));

    /// <summary>The text's place in the shared space.</summary>
    /// <param name="ids">[pos].</param>
    /// <param name="states">[pos, d_model] after the final norm: <c>unembed.hook_in</c> of a run of <see cref="Text"/>.</param>
    public double[] TextEmbedding(ReadOnlySpan<int> ids, ReadOnlySpan<double> states)
    {
        int at = EndOfText is { } end ? Math.Max(0, ids.IndexOf(end)) : System.Numerics.Tensors.TensorPrimitives.IndexOfMax(ids);
        return Heads.Apply(TextProjection, states.Slice(at * Text.Config.DModel, Text.Config.DModel));
    }

    /// <summary>How well a text fits an image: the cosine of their places times the scale.</summary>
    public double Logit(ReadOnlySpan<double> text, ReadOnlySpan<double> image) =>
        LogitScale * System.Numerics.Tensors.TensorPrimitives.Dot<double>(Heads.Normalized(text), Heads.Normalized(image));

    /// <summary>Whether a configuration is of CLIP.</summary>
    internal static bool Knows(ConfigReader config) => config.OptionalTexts("architectures") is [Name, ..];

    /// <summary>Reads both networks.</summary>
    internal static Clip Read(ConfigReader config, WeightReader weights)
    {
        ConfigReader text = config.OptionalSection("text_config") ?? throw config.Fault("text_config", "nothing", "the configuration of the text's network was expected");
        ConfigReader vision = config.OptionalSection("vision_config") ?? throw config.Fault("vision_config", "nothing", "the configuration of the images' network was expected");
        int shared = config.Size(Limits.Width, "projection_dim");
        int? end = text.OptionalCount(Limits.Vocabulary, "eos_token_id") is { } id && id != UnknownEnd ? id : null;
        int d = vision.Size(Limits.Width, "hidden_size");
        PatchEmbedding patches = VisionTransformers.Patches(
            vision, weights, d, "vision_model.embeddings.patch_embedding", bias: false, "vision_model.embeddings.class_embedding", d);
        NetworkConfig images = VisionTransformers.Configure(vision, Name, vision.Size(Limits.Width, "intermediate_size"), patches.Positions) with { InputNorm = true };
        TransformerNetwork imageNetwork = VisionTransformers.Join(
            images,
            Blocks(images, weights, "vision_model"),
            weights.Matrix("vision_model.embeddings.position_embedding.weight", patches.Positions, d),
            weights.Norm("vision_model.post_layernorm", d, bias: true),
            weights.Norm("vision_model.pre_layrnorm", d, bias: true));
        Clip clip = new(
            TextNetwork(text, weights),
            weights.Linear("text_projection", shared, text.Size(Limits.Width, "hidden_size"), bias: false),
            new ImageNetwork(imageNetwork, patches, weights.Linear("visual_projection", shared, d, bias: false)),
            Math.Exp(weights.Vector("logit_scale").Float64[0]),
            end);
        weights.Finish("embeddings.position_ids");
        return clip;
    }

    private static TransformerNetwork TextNetwork(ConfigReader config, WeightReader weights)
    {
        int context = config.Size(Limits.Context, "max_position_embeddings");
        NetworkConfig network = VisionTransformers.Configure(config, Name, config.Size(Limits.Width, "intermediate_size"), context) with
        {
            Causal = true,
            Vocabulary = config.Size(Limits.Vocabulary, "vocab_size"),
        };
        WeightMatrix embedding = weights.Matrix("text_model.embeddings.token_embedding.weight", network.Vocabulary, network.DModel);
        return new TransformerNetwork(network, new NetworkWeights(embedding, Blocks(network, weights, "text_model"), new LinearWeights(embedding))
        {
            Positions = weights.Matrix("text_model.embeddings.position_embedding.weight", context, network.DModel),
            FinalNorm = weights.Norm("text_model.final_layer_norm", network.DModel, bias: true),
        });
    }

    private static BlockWeights[] Blocks(NetworkConfig network, WeightReader weights, string tower)
    {
        int d = network.DModel;
        return [.. Enumerable.Range(0, network.Layers).Select(layer =>
        {
            string name = $"{tower}.encoder.layers.{layer}";
            return new BlockWeights(
                new AttentionWeights(Square("q_proj"), Square("k_proj"), Square("v_proj"), Square("out_proj")),
                new MlpWeights(weights.Linear($"{name}.mlp.fc1", network.DMlp, d, bias: true), weights.Linear($"{name}.mlp.fc2", d, network.DMlp, bias: true)))
            {
                AttentionNorm = weights.Norm($"{name}.layer_norm1", d, bias: true),
                MlpNorm = weights.Norm($"{name}.layer_norm2", d, bias: true),
            };

            LinearWeights Square(string part) => weights.Linear($"{name}.self_attn.{part}", d, d, bias: true);
        })];
    }
}
