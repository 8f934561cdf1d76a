using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>BioGPT (Luo et al. 2022): OPT with a scaled embedding and GELU.</summary>
internal static class BioGpt
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("BioGptForCausalLM", "biogpt", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = FairseqDecoder.Configure(config, "BioGptForCausalLM", ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "hidden_act"));
        return network with { EmbeddingScale = FairseqDecoder.EmbeddingScale(config, network) };
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights) =>
        FairseqDecoder.Map(network, weights, "biogpt.", "layer_norm", "output_projection.weight", FairseqDecoder.StoredPositions(network, weights, "biogpt."));
}
