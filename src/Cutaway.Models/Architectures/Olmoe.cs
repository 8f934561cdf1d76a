using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>OLMoE (Muennighoff et al. 2025): a mixture in every layer, queries and keys normalised as a whole.</summary>
internal static class Olmoe
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("OlmoeForCausalLM", "olmoe", Configure, (config, network, weights) =>
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout { ProjectionBias = bias, OutputBias = bias }.Map(network, weights);
    });

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = DecoderConfig.Configure(config, "OlmoeForCausalLM", tied: false) with
        {
            QueryKeyNorm = QueryKeyNorm.Whole,
            ProjectionBound = config.OptionalPositive("clip_qkv"),
        };
        ExpertConfig experts = Mixture.Read(config, network.DMlp, Mixture.SoftmaxRouting(config), "num_experts", "num_local_experts");
        return network.WithLayers(config).WithExperts(_ => experts);
    }
}
