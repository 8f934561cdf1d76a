using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>OPT (Zhang et al. 2022): learned positions of which the first two are never used, ReLU, biases everywhere.</summary>
internal static class Opt
{
    /// <summary>The family.</summary>
    public static Architecture Family { get; } = new("OPTForCausalLM", "opt", Configure, Map);

    private static NetworkConfig Configure(ConfigReader config)
    {
        NetworkConfig network = FairseqDecoder.Configure(config, "OPTForCausalLM", ("num_hidden_layers", "hidden_size", "num_attention_heads", "ffn_dim", "activation_function"));
        if (!config.Flag("do_layer_norm_before", absent: true))
        {
            throw config.Fault("do_layer_norm_before", "false", "only models with norms before each part are supported (OPT-350m has them after)");
        }

        if (config.OptionalSize(Limits.Width, "word_embed_proj_dim") is { } embedded && embedded != network.DModel)
        {
            throw config.Fault("word_embed_proj_dim", embedded, $"only embeddings as wide as 'hidden_size' ({network.DModel}) are supported");
        }

        if (config.Flag("_remove_final_layer_norm", absent: false))
        {
            throw config.Fault("_remove_final_layer_norm", "true", "only models with a final norm are supported");
        }

        return network;
    }

    private static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights)
    {
        string root = weights.Has("model.decoder.embed_tokens.weight") || !weights.Has("decoder.embed_tokens.weight") ? "model.decoder." : "decoder.";
        return FairseqDecoder.Map(
            network, weights, root, "final_layer_norm", "lm_head.weight", FairseqDecoder.StoredPositions(network, weights, root), config.Flag("enable_bias", absent: true), config.Flag("layer_norm_elementwise_affine", absent: true));
    }
}
