using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Qwen 3, dense (Yang et al. 2025): queries and keys are normalised head by head before they are rotated.</summary>
internal static class Qwen3
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Qwen3ForCausalLM",
        "qwen3",
        config => Qwen2.Windowed(config, DecoderConfig.Configure(config, "Qwen3ForCausalLM", tied: false)) with { QueryKeyNorm = QueryKeyNorm.Head },
        (config, network, weights) =>
        {
            bool attentionBias = config.Flag("attention_bias", absent: false);
            return new DecoderLayout { ProjectionBias = attentionBias, OutputBias = attentionBias }.Map(network, weights);
        });
}
