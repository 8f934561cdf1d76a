using System.Numerics;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Parity;

/// <summary>An encoder and the decoder that reads it (T5) against reference values: every hidden state, pattern and logit, text by text without padding.</summary>
/// <param name="golden">The folder.</param>
internal sealed class EncoderDecoderParity(GoldenFolder golden)
{
    private const double DoubleTolerance = 1e-9;

    /// <summary>All groups, each compared when it is asked for.</summary>
    public IEnumerable<ParityGroup> Groups()
    {
        yield return new ParityGroup("output", Compare<float>("output/", golden.Note("tolerance").GetDouble()));
        yield return new ParityGroup("float64", Compare<double>("float64/", DoubleTolerance));
    }

    private List<Comparison> Compare<T>(string group, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TransformerNetwork network = golden.LoadNetwork();
        TransformerNetwork encoder = network.Encoder ?? throw CutawayException.Model($"{golden.Folder} holds reference values of an encoder and a decoder, but its network has no encoder");
        (int[] ids, int[] mask, int[] written) = (Integers("input/input_ids"), Integers("input/attention_mask"), Integers("input/decoder_input_ids"));
        int texts = (int)golden.Tensors["input/input_ids"].Shape[0];
        (int length, int decoderLength) = (ids.Length / texts, written.Length / texts);
        int[] every = [.. Enumerable.Range(0, decoderLength)];
        List<Comparison> result = [];
        for (int text = 0; text < texts; text++)
        {
            int first = text * length;
            int[] real = [.. Enumerable.Range(0, length).Where(i => mask[first + i] == 1)];
            ActivationRecorder<T> read = new(encoder.Hooks, point => !point.Optional);
            new ForwardPass<T>(encoder).Run(new ForwardRequest(real.Select(i => ids[first + i]).ToArray(), 1, real.Length) { Logits = encoder.Config.Unembeds ? LogitScope.All : LogitScope.None }, read);
            double[] memory = read.Seen["unembed.hook_in"].Values;
            TransformerNetwork decoder = network.Reading(WeightMatrix.FromArray(memory, real.Length, network.Config.DModel));
            ActivationRecorder<T> wrote = new(decoder.Hooks, point => !point.Optional);
            ForwardPass<T> pass = new(decoder);
            pass.Run(new ForwardRequest(written.AsMemory(text * decoderLength, decoderLength), 1, decoderLength), wrote);
            Hidden("encoder", encoder, read, real, 1);
            Add("encoder_last_hidden_state", memory, Rows("encoder_last_hidden_state", text, real));

            // The last hidden state is that after the final norm, whose weights hold the decoder's factor on logits.
            Hidden("decoder", network, wrote, every, network.Config.TiedEmbedding ? Math.Sqrt(network.Config.DModel) : 1);
            for (int layer = 0; layer < network.Config.Layers; layer++)
            {
                Add($"encoder_attentions.{layer}", read.Seen[$"blocks.{layer}.attn.hook_pattern"].Values, Square($"encoder_attentions.{layer}", text, real, real));
                Add($"decoder_attentions.{layer}", wrote.Seen[$"blocks.{layer}.attn.hook_pattern"].Values, Square($"decoder_attentions.{layer}", text, every, every));
                Add($"cross_attentions.{layer}", wrote.Seen[$"blocks.{layer}.cross_attn.hook_pattern"].Values, Square($"cross_attentions.{layer}", text, every, real));
            }

            Add("logits", ActivationRecorder<T>.LogitsOf(pass), Rows("logits", text, every));

            void Hidden(string stack, TransformerNetwork part, ActivationRecorder<T> run, int[] rows, double factor)
            {
                for (int layer = 0; layer <= part.Config.Layers; layer++)
                {
                    double[] found = layer < part.Config.Layers ? run.Seen[$"blocks.{layer}.hook_resid_pre"].Values : Array.ConvertAll(run.Seen["unembed.hook_in"].Values, value => value * factor);
                    Add($"{stack}_hidden_states.{layer}", found, Rows($"{stack}_hidden_states.{layer}", text, rows));
                }
            }
        }

        HashSet<string> compared = [.. result.Select(comparison => comparison.Site)];
        result.AddRange(golden.Group(group).Keys.Where(name => !compared.Contains(name)).Select(name => Comparison.Failed(name, "it is not known")));
        return result;

        void Add(string name, double[] found, double[] reference) => result.Add(Comparison.Of(name, reference, found, tolerance));

        double[] Rows(string name, int text, int[] rows)
        {
            StoredTensor tensor = golden.Tensors[group + name];
            double[] values = tensor.ToDoubles();
            (int extent, int width) = ((int)tensor.Shape[1], (int)tensor.Shape[2]);
            return [.. rows.SelectMany(row => values.AsSpan(((text * extent) + row) * width, width).ToArray())];
        }

        double[] Square(string name, int text, int[] queries, int[] keys)
        {
            StoredTensor tensor = golden.Tensors[group + name];
            double[] values = tensor.ToDoubles();
            (int heads, int rows, int columns) = ((int)tensor.Shape[1], (int)tensor.Shape[2], (int)tensor.Shape[3]);
            return [.. Enumerable.Range(0, heads).SelectMany(head => queries.SelectMany(query => keys.Select(key => values[(((((text * heads) + head) * rows) + query) * columns) + key])))];
        }
    }

    private int[] Integers(string name) => [.. golden.Tensors[name].ToIntegers().Select(value => (int)value)];
}
