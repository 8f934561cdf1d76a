using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>DeepSeek-V2 and V2-Lite (DeepSeek-AI 2024): latent attention; experts chosen from the groups with the best one, weighted by a softmax over all.</summary>
internal static class DeepSeekV2
{
    private const string Greedy = "greedy", ByGroups = "group_limited_greedy";

    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("DeepseekV2ForCausalLM", "deepseek_v2", Configure, (config, network, weights) =>
        (DeepSeek.Layout(config) with { MlpBias = config.Flag("mlp_bias", absent: false) }).Map(network, weights));

    private static NetworkConfig Configure(ConfigReader config)
    {
        DeepSeek.Require(config, "scoring_func", "softmax");
        if (config.Flag("norm_topk_prob", absent: false))
        {
            throw config.Fault("norm_topk_prob", "true", "false was expected: this family's weights are not renormalised");
        }

        ExpertRouting routing = new(ExpertScoring.Softmax, Renormalize: false, config.OptionalPositive("routed_scaling_factor") ?? 1);
        string method = config.OptionalText("topk_method") ?? Greedy;
        return DeepSeek.Configure(config, "DeepseekV2ForCausalLM", interleaved: true, method switch
        {
            Greedy => routing,
            ByGroups => DeepSeek.WithGroups(config, routing),
            _ => throw config.Fault("topk_method", Quote.Name(method), $"known are {Greedy} and {ByGroups}"),
        });
    }
}
