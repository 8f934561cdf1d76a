using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>gpt-oss (OpenAI 2025): attention sinks, windows in every other layer, and experts whose gate and up are held within bounds.</summary>
internal static class GptOss
{
    private const double Steepness = 1.702;

    private static readonly DecoderLayout Layout = new()
    {
        ProjectionBias = true,
        OutputBias = true,
        Sinks = "self_attn.sinks",
        Experts = new()
        {
            Router = "mlp.router",
            RouterBias = true,
            Fused = new("mlp.experts.gate_up_proj", "mlp.experts.down_proj", InputsFirst: true, Interleaved: true, "_bias"),
        },
    };

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("GptOssForCausalLM", "gpt_oss", Configure, (_, network, weights) => Layout.Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = DecoderConfig.Configure(config, "GptOssForCausalLM", tied: false, ActivationKind.QuickGelu) with { AttentionSinks = true };
        if (config.OptionalPositive("swiglu_alpha") is { } alpha && alpha != Steepness)
        {
            throw config.Fault("swiglu_alpha", alpha, $"only {Steepness} is supported");
        }

        if (!config.Flag("attention_bias", absent: true))
        {
            throw config.Fault("attention_bias", "false", "projections with biases were expected");
        }

        bool[] sliding = DecoderConfig.SlidingLayers(config, network.Layers, layer => layer % 2 == 0);
        int? window = sliding.Contains(true) ? config.Size(Limits.Context, "sliding_window") : null;
        ExpertConfig experts = Mixture.Read(config, network.DMlp, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true), "num_local_experts") with
        {
            Limit = config.OptionalPositive("swiglu_limit") ?? 7,
        };
        return network.WithLayers(config, layer => sliding[layer] ? window : null).WithExperts(_ => experts);
    }
}
