using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>What the configurations of mixtures of experts share.</summary>
internal static class Mixture
{
    /// <summary>Reads how many experts there are and how many each position passes.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="width">Neurons of an expert.</param>
    /// <param name="routing">How they are chosen and weighted.</param>
    /// <param name="keys">Names under which the number of experts may stand.</param>
    public static ExpertConfig Read(ConfigReader config, int width, ExpertRouting routing, params ReadOnlySpan<string> keys)
    {
        int count = config.Size(Limits.Width, keys);
        int chosen = config.Size(Limits.Width, "num_experts_per_tok");
        return chosen <= count
            ? new ExpertConfig(count, chosen, width, routing)
            : throw config.Fault("num_experts_per_tok", chosen, $"there are {count} experts ('{keys[0]}')");
    }

    /// <summary>Puts mixtures in the place of MLPs.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="experts">The mixture of a layer, or null where it has an MLP.</param>
    public static NetworkConfig WithExperts(this NetworkConfig network, Func<int, ExpertConfig?> experts) =>
        network with { LayerConfigs = [.. network.LayerConfigs.Select((layer, i) => layer with { Experts = experts(i) })] };

    /// <summary>Which layers of Qwen's mixtures have one: every <c>decoder_sparse_step</c>-th, without those of <c>mlp_only_layers</c>.</summary>
    public static Func<int, bool> SparseLayers(ConfigReader config)
    {
        int step = config.OptionalSize(Limits.Layers, "decoder_sparse_step") ?? 1;
        IReadOnlyList<int> dense = config.OptionalCounts("mlp_only_layers") ?? [];
        return layer => !dense.Contains(layer) && (layer + 1) % step == 0;
    }

    /// <summary>The softmax over all experts, with the chosen ones' weights summing to one where <c>norm_topk_prob</c> says so.</summary>
    public static ExpertRouting SoftmaxRouting(ConfigReader config) => new(ExpertScoring.Softmax, config.Flag("norm_topk_prob", absent: false));
}
