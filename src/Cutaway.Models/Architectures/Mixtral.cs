using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in every layer; the chosen experts' weights sum to one.</summary>
internal static class Mixtral
{
    private static readonly DecoderLayout Layout = new()
    {
        Experts = new() { Router = "block_sparse_moe.gate", Experts = "block_sparse_moe.experts", Mlp = ("w3", "w2", "w1") },
    };

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("MixtralForCausalLM", "mixtral", Configure, (_, network, weights) => Layout.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = DecoderConfig.Configure(config, "MixtralForCausalLM", tied: false);
        int? window = config.OptionalSize(Limits.Context, "sliding_window");
        ExpertConfig experts = Mixture.Read(config, network.DMlp, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true), "num_local_experts");
        return network.WithLayers(config, _ => window).WithExperts(_ => experts);
    }
}
