using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>Granite 3 with mixtures of experts (IBM 2024): the softmax is over the chosen experts.</summary>
internal static class GraniteMoe
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GraniteMoeForCausalLM", "granitemoe", Configure, (config, network, weights) =>
    {
        bool bias = config.Flag("attention_bias", absent: false);
        return new DecoderLayout
        {
            ProjectionBias = bias,
            OutputBias = bias,
            LogitScale = 1 / config.Positive("logits_scaling"),
            Experts = new()
            {
                Router = "block_sparse_moe.router.layer",
                Fused = new("block_sparse_moe.input_linear.weight", "block_sparse_moe.output_linear.weight", InputsFirst: false, Interleaved: false),
            },
        }.Map(network, weights);
    });

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = Granite.Configure(config, "GraniteMoeForCausalLM");
        ExpertConfig experts = Mixture.Read(config, network.DMlp, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true), "num_local_experts");
        return network.WithExperts(_ => experts);
    }
}
