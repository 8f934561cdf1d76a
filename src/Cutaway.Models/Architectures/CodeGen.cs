using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>CodeGen (Nijkamp et al. 2023): GPT-J with queries, values and keys stored as one, in four runs as they were trained on four cores.</summary>
internal static class CodeGen
{
    private const int Runs = 4;

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("CodeGenForCausalLM", "codegen", Configure, (_, network, weights) => GptJ.Map(network, weights, Fused));

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = GptJ.Configure(config, "CodeGenForCausalLM");
        return network.Heads % Runs == 0
            ? network
            : throw config.Fault("n_head", network.Heads, $"a multiple of {Runs} was expected, for the weights are stored in {Runs} runs");
    }

    private static (LinearWeights Query, LinearWeights Key, LinearWeights Value) Fused(NetworkConfig network, WeightReader weights, string name)
    {
        LinearWeights fused = weights.Linear($"{name}.qkv_proj", 3 * network.DModel, network.DModel, bias: false);

        // A run holds its share of queries, then of values, then of keys.
        return (Part(0), Part(2), Part(1));

        LinearWeights Part(int part) => fused.Select(FusedProjection.OfHeads(Runs, 3, part, network.DModel / Runs));
    }
}
