namespace Cutaway.Models.Architectures;

/// <summary>Phi 3 to 4 (Abdin et al. 2024): Llama with queries, keys and values, and gate and up, stored as one.</summary>
internal static class Phi3
{
    private static readonly DecoderLayout Layout = new() { FusedProjections = "self_attn.qkv_proj", FusedGate = "mlp.gate_up_proj" };

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new(
        "Phi3ForCausalLM",
        "phi3",
        config =>
        {
            int? window = config.OptionalSize(Limits.Context, "sliding_window");
            return DecoderConfig.Configure(config, "Phi3ForCausalLM", tied: false).WithLayers(config, _ => window);
        },
        (_, network, weights) => Layout.Map(network, weights));
}
