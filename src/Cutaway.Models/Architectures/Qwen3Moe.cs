using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Qwen 3 with mixtures of experts (Yang et al. 2025).</summary>
internal static class Qwen3Moe
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("Qwen3MoeForCausalLM", "qwen3_moe", Configure, (config, network, weights) =>
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout { ProjectionBias = bias, OutputBias = bias }.Map(network, weights);
    });

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Qwen2.Windowed(config, DecoderConfig.Configure(config, "Qwen3MoeForCausalLM", tied: false)) with { QueryKeyNorm = QueryKeyNorm.Head };
        Func<int, bool> sparse = Mixture.SparseLayers(config);
        ExpertConfig experts = Mixture.Read(config, config.Size(Limits.Width, "moe_intermediate_size"), Mixture.SoftmaxRouting(config), "num_experts", "num_local_experts");
        return network.WithExperts(layer => sparse(layer) ? experts : null);
    }
}
