using System.Numerics;
using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;
using Cutaway.Tensors.Storage;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>T5's two stacks against what Hugging Face computes on a tiny random checkpoint: every hidden state, pattern and logit, text by text without padding.</summary>
public sealed class T5GoldenTests
{
    [SkippableFact]
    public void Both_stacks_equal_the_reference_in_single_precision() => Check<float>("output/", absolute: false);

    [SkippableFact]
    public void Both_stacks_equal_the_reference_in_double_precision_to_1e_9() => Check<double>("float64/", absolute: true);

    private static unsafe int[] Integers(StoredTensor tensor) => Array.ConvertAll(new ReadOnlySpan<long>(tensor.Data, (int)tensor.Count).ToArray(), value => (int)value);

    private static void Check<T>(string group, bool absolute)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        string folder = Fixtures.Shared("goldens", "architectures", "t5");
        IReadOnlyDictionary<string, StoredTensor> golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors")).Tensors;
        double tolerance = absolute ? 1e-9 : JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json"))).RootElement.GetProperty("tolerance").GetDouble();
        TransformerNetwork network = NetworkRun.Load(folder);
        TransformerNetwork encoder = network.Encoder!;
        NetworkConfig config = network.Config;
        int[] ids = Integers(golden["input/input_ids"]);
        int[] mask = Integers(golden["input/attention_mask"]);
        int[] decoderIds = Integers(golden["input/decoder_input_ids"]);
        (int texts, int length, int decoderLength) = ((int)golden["input/input_ids"].Shape[0], (int)golden["input/input_ids"].Shape[1], (int)golden["input/decoder_input_ids"].Shape[1]);
        HashSet<string> compared = [];
        for (int text = 0; text < texts; text++)
        {
            int[] real = [.. Enumerable.Range(0, length).Where(i => mask[(text * length) + i] == 1)];
            int[] every = [.. Enumerable.Range(0, decoderLength)];
            NetworkRun read = NetworkRun.Of<T>(encoder, [[.. real.Select(i => ids[(text * length) + i])]], wants: point => !point.Optional);
            double[] memory = read.Seen["unembed.hook_in"].Values;
            NetworkRun written = NetworkRun.Of<T>(
                network.Reading(WeightMatrix.FromArray(memory, real.Length, config.DModel)), [[.. every.Select(i => decoderIds[(text * decoderLength) + i])]], wants: point => !point.Optional);

            Hidden("encoder", encoder, read, real, 1);
            Hidden("decoder", network, written, every, Math.Sqrt(config.DModel));
            Compare("encoder_last_hidden_state", memory, Rows("encoder_last_hidden_state", real, config.DModel));
            Compare("logits", written.Logits, Rows("logits", every, config.Vocabulary));
            for (int layer = 0; layer < config.Layers; layer++)
            {
                Compare($"encoder_attentions.{layer}", read.Seen[$"blocks.{layer}.attn.hook_pattern"].Values, Square($"encoder_attentions.{layer}", real, real));
                Compare($"decoder_attentions.{layer}", written.Seen[$"blocks.{layer}.attn.hook_pattern"].Values, Square($"decoder_attentions.{layer}", every, every));
                Compare($"cross_attentions.{layer}", written.Seen[$"blocks.{layer}.cross_attn.hook_pattern"].Values, Square($"cross_attentions.{layer}", every, real));
            }

            // The last hidden state is that after the final norm, whose weights hold the decoder's factor on logits.
            void Hidden(string stack, TransformerNetwork part, NetworkRun run, int[] rows, double factor)
            {
                for (int layer = 0; layer <= part.Config.Layers; layer++)
                {
                    double[] found = layer < part.Config.Layers ? run.Seen[$"blocks.{layer}.hook_resid_pre"].Values : Array.ConvertAll(run.Seen["unembed.hook_in"].Values, value => value * factor);
                    Compare($"{stack}_hidden_states.{layer}", found, Rows($"{stack}_hidden_states.{layer}", rows, config.DModel));
                }
            }

            double[] Rows(string name, int[] rows, int width)
            {
                StoredTensor tensor = golden[group + name];
                double[] values = tensor.ToDoubles();
                return [.. rows.SelectMany(row => values.AsSpan(((text * (int)tensor.Shape[1]) + row) * width, width).ToArray())];
            }

            double[] Square(string name, int[] queries, int[] keys)
            {
                StoredTensor tensor = golden[group + name];
                double[] values = tensor.ToDoubles();
                (int heads, int rows, int columns) = ((int)tensor.Shape[1], (int)tensor.Shape[2], (int)tensor.Shape[3]);
                return [.. Enumerable.Range(0, heads).SelectMany(head => queries.SelectMany(query => keys.Select(key => values[(((((text * heads) + head) * rows) + query) * columns) + key])))];
            }
        }

        Assert.Equal(golden.Keys.Where(name => name.StartsWith(group, StringComparison.Ordinal)).Select(name => name[group.Length..]).Order(), compared.Order());

        void Compare(string name, double[] found, double[] reference)
        {
            compared.Add(name);
            Closeness.Require([Closeness.Difference(name, reference, found, tolerance, absolute: absolute)]);
        }
    }
}
