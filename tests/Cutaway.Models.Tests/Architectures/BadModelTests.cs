using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Configurations and tensors that do not fit: every error names the key or tensor, its file, and what was expected.</summary>
public sealed class BadModelTests
{
    [Theory]
    [InlineData("llama", "num_hidden_layers", null, "'num_hidden_layers' is missing", "a whole number")]
    [InlineData("llama", "num_hidden_layers", "0", "is 0", "from 1 to 4096")]
    [InlineData("llama", "num_hidden_layers", "-1", "is -1", "from 1 to 4096")]
    [InlineData("llama", "num_hidden_layers", "1.5", "is 1.5", "a whole number")]
    [InlineData("llama", "num_hidden_layers", "1e30", "is 1e30", "from 1 to 4096")]
    [InlineData("llama", "num_hidden_layers", "\"two\"", "is \"two\"", "a whole number")]
    [InlineData("llama", "hidden_size", null, "'hidden_size' is missing")]
    [InlineData("llama", "vocab_size", null, "'vocab_size' is missing")]
    [InlineData("llama", "vocab_size", "4294967296", "'vocab_size'", "from 1 to")]
    [InlineData("llama", "rms_norm_eps", "0", "'rms_norm_eps'", "above 0")]
    [InlineData("llama", "rms_norm_eps", "\"small\"", "'rms_norm_eps'", "above 0")]
    [InlineData("llama", "rms_norm_eps", "1e999", "'rms_norm_eps'", "finite")]
    [InlineData("llama", "num_key_value_heads", "3", "'num_key_value_heads'", "a divisor of 'num_attention_heads' (4)")]
    [InlineData("llama", "head_dim", "1048576", "'head_dim'", "wider than")]
    [InlineData("llama", "hidden_act", "\"tanhexp\"", "'hidden_act'", "known are gelu")]
    [InlineData("llama", "hidden_act", null, "'hidden_act' is missing")]
    [InlineData("llama", "attention_bias", "1", "'attention_bias'", "true or false")]
    [InlineData("llama", "rope_parameters", "[]", "'rope_parameters'", "an object")]
    [InlineData("llama", "rope_parameters.rope_type", "\"spiral\"", "'rope_parameters.rope_type'", "known are default")]
    [InlineData("llama", "rope_theta", "5000", "'rope_parameters.rope_theta'", "is 10000", "says 5000")]
    [InlineData("llama-bias-linear", "rope_parameters.factor", null, "'rope_parameters.factor' is missing")]
    [InlineData("llama3-gqa-tied", "rope_parameters.low_freq_factor", null, "'rope_parameters.low_freq_factor' is missing")]
    [InlineData("llama", "architectures", "[\"LamaForCausalLM\"]", "'LamaForCausalLM'", "did you mean 'LlamaForCausalLM'")]
    [InlineData("llama", "architectures", "[\"GPT2LMHeadModel\"]", "'model_type'", "whose type is 'gpt2'")]
    [InlineData("llama", "architectures", "[7]", "'architectures'", "a list of texts")]
    [InlineData("gpt2", "n_head", "5", "'n_head'", "is 5", "a divisor of 'n_embd'")]
    [InlineData("gpt2", "n_positions", null, "'n_positions' is missing")]
    [InlineData("gpt2", "add_cross_attention", "true", "'add_cross_attention'")]
    [InlineData("gpt-neox", "rope_parameters.partial_rotary_factor", "1.5", "'rope_parameters.partial_rotary_factor'", "is 1.5", "at most 1")]
    [InlineData("gpt-neox", "rope_parameters.partial_rotary_factor", "0.1", "rotated dimensions", "an even number")]
    [InlineData("gemma2", "layer_types", "[\"full_attention\"]", "'layer_types'", "is a list of 1", "'num_hidden_layers' is 2")]
    [InlineData("gemma2", "layer_types", "[\"full_attention\", \"half_attention\"]", "'half_attention'", "known are sliding_attention")]
    [InlineData("gemma2", "query_pre_attn_scalar", "0", "'query_pre_attn_scalar'", "above 0")]
    [InlineData("gemma3", "sliding_window", null, "'sliding_window' is missing")]
    [InlineData("gemma3", "rope_parameters.sliding_attention", null, "'rope_parameters.sliding_attention'", "beside 'full_attention'")]
    public void Keys_that_are_missing_or_wrong_are_named(string family, string key, string? value, params string[] parts) =>
        RequireFault(family, checkpoint => checkpoint.Set(key, value), ["config.json", .. parts]);

    [Fact]
    public void A_configuration_that_names_no_network_is_refused() =>
        RequireFault("llama", checkpoint => checkpoint.Set("architectures", null).Set("model_type", null), "neither 'architectures' nor 'model_type'", "config.json");

    [Fact]
    public void Two_names_of_one_size_must_agree() => RequireFault("gpt2", checkpoint => checkpoint.Set("n_ctx", "17"), "'n_ctx'", "is 17", "'n_positions' says");

    [Fact]
    public void A_missing_tensor_is_named_with_those_like_it() => RequireFault(
        "llama",
        checkpoint => checkpoint.Without("model.layers.1.mlp.up_proj.weight"),
        "tensor 'model.layers.1.mlp.up_proj.weight' is missing",
        "did you mean 'model.layers.0.mlp.up_proj.weight'");

    [Fact]
    public void An_absent_head_that_is_not_tied_is_an_error() =>
        RequireFault("llama", checkpoint => checkpoint.Without("lm_head.weight"), "'lm_head.weight' is missing", "tie_word_embeddings");

    [Fact]
    public void A_tied_head_that_differs_is_an_error() =>
        RequireFault("qwen2", checkpoint => checkpoint.With("lm_head.weight", 0.5f, 150, 32), "'lm_head.weight'", "differs from the embedding");

    [Fact]
    public void Tensors_that_nobody_reads_are_named() => RequireFault(
        "llama",
        checkpoint => checkpoint.With("model.layers.0.self_attn.q_proj.bias", 0, 32).With("model.layers.2.input_layernorm.weight", 1, 32),
        "'model.layers.0.self_attn.q_proj.bias', 'model.layers.2.input_layernorm.weight'",
        "does not use");

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes() => RequireFault(
        "llama",
        checkpoint => checkpoint.With("model.layers.0.self_attn.k_proj.weight", 0, 16, 32),
        "'model.layers.0.self_attn.k_proj.weight'",
        "[16, 32]",
        "asks for [32, 32]");

    [Fact]
    public void Fewer_axes_are_another_shape() =>
        RequireFault("llama", checkpoint => checkpoint.With("model.norm.weight", 1, 1, 32), "'model.norm.weight'", "[1, 32]", "asks for [32]");

    [Fact]
    public void A_weight_of_integers_is_refused() =>
        RequireFault("llama", checkpoint => checkpoint.WithIntegers("model.layers.0.mlp.up_proj.weight", 56, 32), "'model.layers.0.mlp.up_proj.weight'", "Int32", "floating-point");

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void A_norm_that_is_not_finite_is_refused_when_it_is_loaded(float value, string shown) =>
        RequireFault("llama", checkpoint => checkpoint.With("model.norm.weight", value, 32), "'model.norm.weight'", shown, "index 0");

    [Theory]
    [InlineData("model.layers.1.mlp.up_proj.weight", "blocks.1.mlp.W_in")]
    [InlineData("model.layers.0.self_attn.o_proj.weight", "blocks.0.attn.W_O")]
    [InlineData("lm_head.weight", "unembed.W_U")]
    public void A_matrix_that_is_not_finite_is_named_by_the_first_run(string tensor, string name)
    {
        using AlteredCheckpoint checkpoint = new("llama");
        (NetworkConfig config, NetworkWeights weights) = checkpoint.With(tensor, float.NaN, tensor switch
        {
            "lm_head.weight" => [150, 32],
            "model.layers.1.mlp.up_proj.weight" => [56, 32],
            _ => [32, 32],
        }).Load();
        TransformerNetwork network = new(config, weights);
        CutawayException fault = Assert.Throws<CutawayException>(() => new ForwardPass<float>(network).Run(new ForwardRequest(new[] { 1, 2 }, 1, 2)));
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.Contains($"{name} is NaN at row 0, column 0", fault.Message, StringComparison.Ordinal);
        Assert.Equal(fault.Message, Assert.Throws<CutawayException>(network.RequireFinite).Message);
    }

    private static void RequireFault(string family, Func<AlteredCheckpoint, AlteredCheckpoint> alter, params string[] parts)
    {
        using AlteredCheckpoint checkpoint = new(family);
        CutawayException fault = Assert.Throws<CutawayException>(() => alter(checkpoint).Load());
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.All(parts, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
        Assert.True(fault.Message.Length < 600, fault.Message);
    }
}
