using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>GLM-4 of April 2025: GLM with norms on what each part adds.</summary>
internal static class Glm4
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Glm4ForCausalLM",
        "glm4",
        config => Glm.Configure(config, "Glm4ForCausalLM") with { NormPlacement = NormPlacement.BeforeAndAfter },
        (config, network, weights) => (Glm.Layout(config) with { PostNorms = ("post_self_attn_layernorm", "post_mlp_layernorm") }).Map(network, weights));
}
