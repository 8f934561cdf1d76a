using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>StableLM (Bellagente et al. 2024): LayerNorm before a gated MLP, a quarter of each head rotated, in some models both parts after one norm.</summary>
internal static class StableLm
{
    private const double UsualPart = 0.25;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("StableLmForCausalLM", "stablelm", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config) =>
        DecoderConfig.Configure(config, "StableLmForCausalLM", tied: false, norm: NormKind.Layer, epsilon: "layer_norm_eps").WithLayers(config, part: UsualPart) with
        {
            Block = config.Flag("use_parallel_residual", absent: false) ? BlockKind.ParallelSharedNorm : BlockKind.Sequential,
            QueryKeyNorm = config.Flag("qk_layernorm", absent: false) ? QueryKeyNorm.EachHead : QueryKeyNorm.None,
            QueryKeyNormKind = NormKind.Layer,
        };

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights) => new DecoderLayout
    {
        ProjectionBias = config.Flag("use_qkv_bias", absent: false),
        NormBias = true,
        Norms = ("input_layernorm", network.Block == BlockKind.Sequential ? "post_attention_layernorm" : null),
        HeadNorms = ("self_attn.q_layernorm.norms.{0}", "self_attn.k_layernorm.norms.{0}"),
    }.Map(network, weights);
}
