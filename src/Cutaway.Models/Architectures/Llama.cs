namespace Cutaway.Models.Architectures;

/// <summary>Llama 1 to 3 and models of the same shape (Touvron et al. 2023; Llama 3: Grattafiori et al. 2024), such as SmolLM2.</summary>
internal static class Llama
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "LlamaForCausalLM",
        "llama",
        config => DecoderConfig.Configure(config, "LlamaForCausalLM", tied: false).WithLayers(config),
        (config, network, weights) =>
        {
            bool attentionBias = config.Flag("attention_bias", absent: false);
            return new DecoderLayout { ProjectionBias = attentionBias, OutputBias = attentionBias, MlpBias = config.Flag("mlp_bias", absent: false) }.Map(network, weights);
        });
}
