using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Phi 1 to 2 (Gunasekar et al. 2023; Li et al. 2023): both parts read the block's input through one norm; part of each head is rotated.</summary>
internal static class Phi
{
    private const double UsualPart = 0.5;

    private static readonly DecoderLayout Layout = new()
    {
        ProjectionBias = true,
        OutputBias = true,
        MlpBias = true,
        NormBias = true,
        Output = "self_attn.dense",
        Mlp = ("mlp.fc1", "mlp.fc2", ""),
        Norms = ("input_layernorm", null),
        FinalNorm = "model.final_layernorm",
        HeadBias = "lm_head.bias",
    };

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("PhiForCausalLM", "phi", Configure, (_, network, weights) => Layout.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config)
    {
        if (config.Flag("qk_layernorm", absent: false))
        {
            throw config.Fault("qk_layernorm", "true", "norms of queries and keys are not known for this family");
        }

        return DecoderConfig.Configure(config, "PhiForCausalLM", tied: false, norm: NormKind.Layer, epsilon: "layer_norm_eps").WithLayers(config, part: UsualPart) with
        {
            Block = BlockKind.ParallelSharedNorm,
            GatedMlp = false,
        };
    }
}
