using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Most checkpoints were saved by older versions of Transformers, whose configurations say the same with other keys:
/// rotation beside the other keys, no <c>layer_types</c>, defaults left out.
/// </summary>
public sealed class OlderConfigurationTests
{
    private static readonly Dictionary<string, (string Family, Func<AlteredCheckpoint, AlteredCheckpoint> Alter)> Cases = new()
    {
        ["a base of its own"] = ("qwen2", checkpoint => checkpoint.Set("rope_parameters", null).Set("rope_theta", "1000000.0").Set("rope_scaling", "null").Set("layer_types", null)),
        ["the usual base left out"] = ("llama", checkpoint => checkpoint.Set("rope_parameters", null)),
        ["head width and tie left out"] = ("llama", checkpoint => checkpoint.Set("head_dim", null).Set("num_key_value_heads", null).Set("tie_word_embeddings", null)),
        ["linear under type"] = ("llama-bias-linear", checkpoint => Scaling(checkpoint, "10000.0", """{"type": "linear", "factor": 2.0}""")),
        ["dynamic under type"] = ("llama-dynamic", checkpoint => Scaling(checkpoint, "10000.0", """{"type": "dynamic", "factor": 2.0}""")),
        ["llama3"] = ("llama3-gqa-tied", checkpoint => Scaling(
            checkpoint, "500000.0", """{"rope_type": "llama3", "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 16}""")),
        ["a part rotated, as Pythia says it"] = ("gpt-neox", checkpoint => checkpoint.Set("rope_parameters", null).Set("rotary_pct", "0.5").Set("rotary_emb_base", "10000")),
        ["n_ctx beside n_positions"] = ("gpt2", checkpoint => checkpoint.Set("n_ctx", "48").Set("tie_word_embeddings", null)),
        ["no hidden_activation"] = ("gemma", checkpoint => checkpoint.Set("hidden_activation", null).Set("hidden_act", "\"gelu\"").Set("rope_parameters", null)),
        ["windows by rule"] = ("gemma2", checkpoint => checkpoint.Set("layer_types", null).Set("rope_parameters", null)),
        ["two bases and a pattern"] = ("gemma3", checkpoint => Scaling(checkpoint, "1000000.0", """{"rope_type": "linear", "factor": 8.0}""")
            .Set("rope_local_base_freq", "10000.0").Set("layer_types", null).Set("_sliding_window_pattern", null).Set("sliding_window_pattern", "3")),
        ["architecture named by model_type alone"] = ("mistral-sliding", checkpoint => checkpoint.Set("architectures", null)),
    };

    public static TheoryData<string> Names { get; } = [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_network_is_read(string name)
    {
        (string family, Func<AlteredCheckpoint, AlteredCheckpoint> alter) = Cases[name];
        ArchitectureGolden golden = new(Fixtures.Golden("architectures", family));
        using AlteredCheckpoint checkpoint = new(family);
        (NetworkConfig config, NetworkWeights weights) = alter(checkpoint).Load();
        Assert.Equal(
            NetworkRun.Of<double>(golden.Network, golden.PlainIds).Logits,
            NetworkRun.Of<double>(new TransformerNetwork(config, weights), golden.PlainIds).Logits);
        Assert.Equal(golden.Network.Config.Context, config.Context);
    }

    private static AlteredCheckpoint Scaling(AlteredCheckpoint checkpoint, string theta, string scaling) =>
        checkpoint.Set("rope_parameters", null).Set("rope_theta", theta).Set("rope_scaling", scaling);
}
