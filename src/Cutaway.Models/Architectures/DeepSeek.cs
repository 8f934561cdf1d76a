using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>What DeepSeek-V2 and V3 share: latent attention, and mixtures of experts after some layers with an MLP.</summary>
internal static class DeepSeek
{
    /// <summary>Where the weights are.</summary>
    /// <param name="config">The configuration.</param>
    public static DecoderLayout Layout(ConfigReader config) => new()
    {
        ProjectionBias = config.Flag("attention_bias", absent: false),
        Experts = new ExpertLayout { Shared = "mlp.shared_experts" },
    };

    /// <summary>Reads everything but how experts are chosen.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="architecture">The family's name.</param>
    /// <param name="interleaved">Whether neighbours are rotated together.</param>
    /// <param name="routing">How experts are chosen.</param>
    public static NetworkConfig Configure(ConfigReader config, string architecture, bool interleaved, ExpertRouting routing)
    {
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int rotated = config.Size(Limits.Width, "qk_rope_head_dim");
        HeadShape shape = new HeadShape(heads, heads, config.Size(Limits.Width, "qk_nope_head_dim") + rotated).Checked(config, "qk_nope_head_dim");
        int dValue = config.Size(Limits.Width, "v_head_dim");
        _ = new HeadShape(heads, heads, dValue).Checked(config, "v_head_dim");
        if (config.OptionalSize(Limits.Width, "num_key_value_heads") is { } keyHeads && keyHeads != heads)
        {
            throw config.Fault("num_key_value_heads", keyHeads, $"as many as 'num_attention_heads' ({heads}) were expected: heads share the latent, not their keys");
        }

        NetworkConfig network = DecoderConfig.Configure(config, architecture, tied: false, heads: shape);
        RotaryConfig rotary = RotaryScaling.Read(config, rotated, network.Context) with { Interleaved = interleaved, First = shape.Width - rotated };
        LayerConfig layer = new() { AttentionScale = RotaryScaling.ScoreFactor(config) / Math.Sqrt(shape.Width), Rotary = rotary };
        return (network with
        {
            DValue = dValue,
            Latent = new LatentConfig(config.Size(Limits.Width, "kv_lora_rank"), config.OptionalSize(Limits.Width, "q_lora_rank") ?? 0, rotated),
            LayerConfigs = [.. Enumerable.Repeat(layer, network.Layers)],
        }).WithExperts(SparseLayers(config, Experts(config, routing)));
    }

    /// <summary>The groups that experts are chosen from.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="routing">The routing without groups.</param>
    public static ExpertRouting WithGroups(ConfigReader config, ExpertRouting routing)
    {
        int experts = config.Size(Limits.Width, "n_routed_experts");
        int groups = config.Size(Limits.Width, "n_group");
        int chosen = config.Size(Limits.Width, "topk_group");
        if (experts % groups != 0)
        {
            throw config.Fault("n_group", groups, $"a divisor of 'n_routed_experts' ({experts}) was expected");
        }

        return chosen <= groups && config.Size(Limits.Width, "num_experts_per_tok") <= chosen * (experts / groups)
            ? routing with { Groups = groups, ChosenGroups = chosen }
            : throw config.Fault("topk_group", chosen, $"at most 'n_group' ({groups}) were expected, with room for 'num_experts_per_tok'");
    }

    /// <summary>Checks that a key, if it is there, says what the family does.</summary>
    public static void Require(ConfigReader config, string key, string expected)
    {
        if (config.OptionalText(key) is { } found && found != expected)
        {
            throw config.Fault(key, Quote.Name(found), $"'{expected}' was expected");
        }
    }

    private static ExpertConfig Experts(ConfigReader config, ExpertRouting routing)
    {
        int width = config.Size(Limits.Width, "moe_intermediate_size");
        return Mixture.Read(config, width, routing, "n_routed_experts") with { SharedWidth = width * (config.OptionalCount(Limits.Layers, "n_shared_experts") ?? 0) };
    }

    private static Func<int, ExpertConfig?> SparseLayers(ConfigReader config, ExpertConfig experts)
    {
        int first = config.OptionalCount(Limits.Layers, "first_k_dense_replace") ?? 0;
        int step = config.OptionalSize(Limits.Layers, "moe_layer_freq") ?? 1;
        return layer => layer >= first && layer % step == 0 ? experts : null;
    }
}
