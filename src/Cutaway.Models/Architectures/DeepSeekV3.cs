using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>
/// DeepSeek-V3 (DeepSeek-AI 2024, sections 2.1.1 and 2.1.2): experts chosen by sigmoids and a bias that does not weigh them, from
/// the groups whose two best are best together. The layers that predict further tokens (<c>num_nextn_predict_layers</c>) are not used.
/// </summary>
internal static class DeepSeekV3
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("DeepseekV3ForCausalLM", "deepseek_v3", Configure, (config, network, weights) =>
    {
        int further = config.OptionalCount(Limits.Layers, "num_nextn_predict_layers") ?? 0;
        for (int layer = network.Layers; layer < network.Layers + further; layer++)
        {
            weights.PassOver($"model.layers.{layer}.");
        }

        return DeepSeek.Layout(config).Map(network, weights);
    });

    private static NetworkConfig Configure(ConfigReader config)
    {
        DeepSeek.Require(config, "scoring_func", "sigmoid");
        DeepSeek.Require(config, "topk_method", "noaux_tc");
        ExpertRouting routing = new(ExpertScoring.Sigmoid, config.Flag("norm_topk_prob", absent: true), config.Positive("routed_scaling_factor"), ByPairs: true);
        NetworkConfig network = DeepSeek.Configure(config, "DeepseekV3ForCausalLM", config.Flag("rope_interleave", absent: true), DeepSeek.WithGroups(config, routing));
        return network.WithExperts(layer => network.LayerConfigs[layer].Experts is { } experts ? experts with { SelectionBias = true } : null);
    }
}
