using System.Buffers.Binary;
using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Pickle;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>State dictionaries of TransformerLens compute what the checkpoints they were made from compute.</summary>
public sealed class HookedTransformerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gpt2", ProcessingSteps.None)]
    [InlineData("gpt2", ProcessingSteps.Defaults)]
    [InlineData("gpt-neox", ProcessingSteps.None)]
    [InlineData("gpt-neox", ProcessingSteps.FoldNorms)]
    [InlineData("llama", ProcessingSteps.None)]
    [InlineData("llama", ProcessingSteps.FoldNorms)]
    [InlineData("mistral-sliding", ProcessingSteps.None)]
    [InlineData("qwen2", ProcessingSteps.FoldNorms)]
    [InlineData("qwen3", ProcessingSteps.None)]
    public void Converted_checkpoints_give_the_same_logits(string family, ProcessingSteps steps)
    {
        ArchitectureGolden golden = new(Fixtures.Golden("architectures", family));
        (NetworkConfig config, NetworkWeights weights) = WeightProcessing.Apply(golden.Network.Config, golden.Network.Weights, steps, DType.Float64);
        double[] expected = NetworkRun.Of<double>(new TransformerNetwork(config, weights), golden.PlainIds).Logits;
        folder.Write("config.json", JsonSerializer.Serialize(HookedTransformerFiles.Config(config)));
        SafetensorsWriter.Write(folder["model.safetensors"], HookedTransformerFiles.Tensors(HookedTransformerFiles.State(config, weights), ElementType.Float64));
        TransformerNetwork read = NetworkRun.Load(folder.Path);
        Closeness.Require("logits", expected, NetworkRun.Of<double>(read, golden.PlainIds).Logits, 1e-12);
        Assert.Equal("HookedTransformer", read.Config.Architecture);
        Assert.Equal(steps.HasFlag(ProcessingSteps.FoldNorms), read.Config.AppliedProcessing.Contains("fold_ln"));
    }

    [Fact]
    public void What_TransformerLens_itself_processed_gives_its_logits()
    {
        // The reference holds what processing changed, in TransformerLens's layout; the rest is as it was.
        TransformerLensGolden golden = new("weight_processing");
        TransformerNetwork raw = TransformerLensGolden.Load("tiny-gpt2");
        Dictionary<string, (long[] Shape, double[] Values)> state = HookedTransformerFiles.State(raw.Config, raw.Weights);
        foreach (string name in state.Keys.Where(name => name.Contains("ln", StringComparison.Ordinal)).ToArray())
        {
            state.Remove(name);
        }

        foreach ((string name, StoredTensor tensor) in golden.Tensors.Where(entry => entry.Key.StartsWith("all_default.", StringComparison.Ordinal) && !entry.Key.Contains("logits", StringComparison.Ordinal)))
        {
            state[name["all_default.".Length..]] = ([.. tensor.Shape], tensor.ToDoubles());
        }

        folder.Write("config.json", JsonSerializer.Serialize(HookedTransformerFiles.Config(raw.Config with { AppliedProcessing = ["fold_ln"] })));
        SafetensorsWriter.Write(folder["model.safetensors"], HookedTransformerFiles.Tensors(state, ElementType.Float64));
        TransformerNetwork read = NetworkRun.Load(folder.Path);
        Closeness.Require(((string[])["prompt0", "prompt1"]).Select(prompt =>
            golden.Difference($"all_default.logits_{prompt}", NetworkRun.Of<double>(read, [golden.Prompt(prompt)]).Logits)));
    }

    [Fact]
    public void A_file_of_PyTorch_with_the_configuration_inside_is_a_model_by_itself()
    {
        ArchitectureGolden golden = new(Fixtures.Golden("architectures", "llama3-gqa-tied"));
        NetworkConfig config = golden.Network.Config;
        Dictionary<string, (long[] Shape, double[] Values)> state = HookedTransformerFiles.State(config, golden.Network.Weights);
        Dictionary<string, object?> settings = HookedTransformerFiles.Config(config);
        settings["use_NTK_by_parts_rope"] = true;
        JsonElement scaling = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Golden("architectures", "llama3-gqa-tied", "config.json"))).RootElement.GetProperty("rope_parameters");
        settings["NTK_original_ctx_len"] = scaling.GetProperty("original_max_position_embeddings").GetInt32();
        settings["NTK_by_parts_factor"] = scaling.GetProperty("factor").GetDouble();
        settings["NTK_by_parts_low_freq_factor"] = scaling.GetProperty("low_freq_factor").GetDouble();
        settings["NTK_by_parts_high_freq_factor"] = scaling.GetProperty("high_freq_factor").GetDouble();
        settings["rotary_base"] = scaling.GetProperty("rope_theta").GetDouble();

        PickleBuilder pickle = new PickleBuilder().Ops("}").Text("cfg").Global("transformer_lens.HookedTransformerConfig", "HookedTransformerConfig").Ops(")").Raw(0x81).Ops("}");
        foreach ((string key, object? value) in settings)
        {
            Value(pickle.Text(key), value).Ops("s");
        }

        pickle.Ops("bs").Text("state_dict").Global("collections", "OrderedDict").Ops(")R");
        List<(string, byte[])> storages = [];
        foreach ((string name, (long[] shape, double[] values)) in state)
        {
            long[] strides = [.. Enumerable.Range(0, shape.Length).Select(axis => shape[(axis + 1)..].Aggregate(1L, (product, extent) => product * extent))];
            pickle.Text(name).Tensor("DoubleStorage", $"{storages.Count}", values.Length, 0, shape, strides).Ops("s");
            storages.Add(($"m/data/{storages.Count}", [.. values.SelectMany(BitConverter.GetBytes)]));
        }

        string path = folder.Write("model.pt", PickleBuilder.Zip(pickle.Ops("s").ToArray(), [.. storages]));
        TransformerNetwork read = NetworkRun.Load(path);
        double[] expected = NetworkRun.Of<double>(golden.Network, golden.PlainIds).Logits;
        Closeness.Require("logits", expected, NetworkRun.Of<double>(read, golden.PlainIds).Logits, 1e-12);

        static PickleBuilder Value(PickleBuilder pickle, object? value) => value switch
        {
            null => pickle.Ops("N"),
            bool flag => pickle.Raw(flag ? (byte)0x88 : (byte)0x89),
            int number => pickle.Number(number),
            double number => pickle.Ops("G").Raw(BigEndian(number)),
            string text => pickle.Text(text),
            string[] texts => texts.Aggregate(pickle.Ops("]"), (list, text) => list.Text(text).Ops("a")),
            _ => throw new ArgumentException($"{value}", nameof(value)),
        };

        static byte[] BigEndian(double number)
        {
            byte[] bytes = new byte[sizeof(double)];
            BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
            return bytes;
        }
    }

    [Theory]
    [InlineData("act_fn", "\"solu_ln\"", "'act_fn'")]
    [InlineData("final_rms", "true", "'final_rms'")]
    [InlineData("attention_dir", "\"bidirectional\"", "'attention_dir'")]
    [InlineData("d_vocab_out", "2", "'d_vocab_out'")]
    [InlineData("positional_embedding_type", "\"relative_positional_bias\"", "'positional_embedding_type'")]
    [InlineData("num_experts", "8", "'num_experts'")]
    [InlineData("n_key_value_heads", "5", "'n_key_value_heads'")]
    [InlineData("normalization_type", "\"LNPre\"", "does not use")]
    [InlineData("d_model", "33", "config")]
    public void Settings_that_are_not_known_are_named(string key, string value, string expected)
    {
        TransformerNetwork raw = TransformerLensGolden.Load("tiny-gpt2");
        Dictionary<string, object?> settings = HookedTransformerFiles.Config(raw.Config);
        settings[key] = JsonDocument.Parse(value).RootElement;
        folder.Write("config.json", JsonSerializer.Serialize(settings));
        SafetensorsWriter.Write(folder["model.safetensors"], HookedTransformerFiles.Tensors(HookedTransformerFiles.State(raw.Config, raw.Weights), ElementType.Float32));
        CutawayException fault = Assert.Throws<CutawayException>(() => ModelFolder.Load(folder.Path));
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }
}
