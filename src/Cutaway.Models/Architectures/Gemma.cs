using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>Gemma 1 (Mesnard et al. 2024): norm weights are stored less one, and the embedding is multiplied by the root of its width.</summary>
internal static class Gemma
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "GemmaForCausalLM",
        "gemma",
        config => Configure(config, "GemmaForCausalLM").WithLayers(config),
        Map);

    /// <summary>What all Gemmas share. <c>hidden_act</c> is not read: where <c>hidden_activation</c> is absent it is the tanh GELU whatever the former says.</summary>
    internal static NetworkConfig Configure(ConfigReader config, string architecture)
    {
        ActivationKind activation = ActivationNames.ReadOr(config, "hidden_activation", ActivationKind.GeluTanh);
        NetworkConfig network = DecoderConfig.Configure(config, architecture, tied: true, activation);
        return network with { NormWeightOffset = 1, EmbeddingScale = Math.Sqrt(network.DModel) };
    }

    /// <summary>Finds the weights of any Gemma.</summary>
    internal static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        bool attentionBias = config.Flag("attention_bias", absent: false);
        DecoderLayout layout = new() { ProjectionBias = attentionBias, OutputBias = attentionBias };
        return (network.PostNorms ? layout with { Norms = ("input_layernorm", "pre_feedforward_layernorm"), PostNorms = ("post_attention_layernorm", "post_feedforward_layernorm") } : layout).Map(network, weights);
    }
}
