namespace Cutaway.Models.Architectures;

/// <summary>Mistral (Jiang et al. 2023): Llama with a sliding window in every layer, unless it is null.</summary>
internal static class Mistral
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "MistralForCausalLM",
        "mistral",
        config =>
        {
            int? window = config.OptionalSize(Limits.Context, "sliding_window");
            return DecoderConfig.Configure(config, "MistralForCausalLM", tied: false).WithLayers(config, _ => window);
        },
        (_, network, weights) => new DecoderLayout().Map(network, weights));
}
