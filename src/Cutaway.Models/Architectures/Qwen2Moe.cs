using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Qwen 1.5 and 2 with mixtures of experts (Yang et al. 2024): beside the chosen experts, one that every position passes, with a gate of its own.</summary>
internal static class Qwen2Moe
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Qwen2MoeForCausalLM", "qwen2_moe", Configure, (config, network, weights) =>
        new DecoderLayout { ProjectionBias = config.Flag("qkv_bias", absent: true) }.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Qwen2.Windowed(config, DecoderConfig.Configure(config, "Qwen2MoeForCausalLM", tied: false));
        Func<int, bool> sparse = Mixture.SparseLayers(config);
        ExpertConfig experts = Mixture.Read(config, config.Size(Limits.Width, "moe_intermediate_size"), Mixture.SoftmaxRouting(config), "num_experts", "num_local_experts") with
        {
            SharedWidth = config.Size(Limits.Width, "shared_expert_intermediate_size"),
            SharedGate = true,
        };
        return network.WithExperts(layer => sparse(layer) ? experts : null);
    }
}
