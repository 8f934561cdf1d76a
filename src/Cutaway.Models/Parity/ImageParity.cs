using System.Numerics;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Vision;

namespace Cutaway.Models.Parity;

/// <summary>A network of images, or CLIP's two networks, against reference values.</summary>
/// <param name="golden">The folder.</param>
internal sealed class ImageParity(GoldenFolder golden)
{
    private const double DoubleTolerance = 1e-9;

    /// <summary>All groups, each compared when it is asked for.</summary>
    public IEnumerable<ParityGroup> Groups()
    {
        yield return new ParityGroup("output", [.. Compare<float>("output/", golden.Note("tolerance").GetDouble())]);
        yield return new ParityGroup("float64", [.. Compare<double>("float64/", DoubleTolerance)]);
    }

    private IEnumerable<Comparison> Compare<T>(string prefix, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dictionary<string, double[]> found = Clip.Knows(ConfigReader.Open(Path.Combine(golden.Folder, "config.json"))) ? RunClip<T>() : RunImages<T>(VisionTransformers.Open(golden.Folder), "", "logits");
        int[] mask = golden.Tensors.ContainsKey("input/attention_mask") ? Integers("input/attention_mask") : [];
        foreach ((string name, StoredTensor tensor) in golden.Group(prefix).OrderBy(entry => entry.Key.Contains("hidden", StringComparison.Ordinal) ? 0 : entry.Key.Contains("attentions", StringComparison.Ordinal) ? 1 : 2))
        {
            double[] expected = tensor.ToDoubles();

            // Of texts, rows of padding hold what counts for nothing.
            bool text = name.StartsWith("text_model_output.", StringComparison.Ordinal) && tensor.Shape.Count > 2;
            int length = text ? (int)tensor.Shape[^2] : 1;
            bool Counts(int i) => !text || mask[(i / (expected.Length / (int)tensor.Shape[0]) * length) + (i / (int)tensor.Shape[^1] % length)] == 1;
            yield return found.TryGetValue(name, out double[]? values)
                ? Comparison.Of(name, expected, values, tolerance, Counts, shape: tensor.Shape)
                : Comparison.Failed(name, "it is not known");
        }
    }

    private Dictionary<string, double[]> RunImages<T>(ImageNetwork images, string prefix, string head)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ActivationRecorder<T> recorder = new(images.Network.Hooks, _ => true);
        new ForwardPass<T>(images.Network).Run(images.Request(golden.Tensors["input/pixel_values"].ToDoubles()), recorder);
        Dictionary<string, double[]> found = States(images.Network, recorder, prefix);
        found[head] = images.Read(recorder.Seen["unembed.hook_in"].Values);
        found[prefix + "last_hidden_state"] = found[$"{prefix}hidden_states.{images.Network.Config.Layers}"];
        return found;
    }

    private Dictionary<string, double[]> RunClip<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Clip clip = Clip.Open(golden.Folder);
        Dictionary<string, double[]> found = RunImages<T>(clip.Images, "vision_model_output.", "vision_model_output.pooler_output");
        int[] ids = Integers("input/input_ids");
        int length = (int)golden.Tensors["input/input_ids"].Shape[1];
        int d = clip.Text.Config.DModel;
        ActivationRecorder<T> recorder = new(clip.Text.Hooks, _ => true);
        new ForwardPass<T>(clip.Text).Run(
            new ForwardRequest(ids, ids.Length / length, length) { AttentionMask = Array.ConvertAll(Integers("input/attention_mask"), value => value == 1), Logits = LogitScope.None }, recorder);
        foreach ((string name, double[] values) in States(clip.Text, recorder, "text_model_output."))
        {
            found[name] = values;
        }

        double[] states = recorder.Seen["unembed.hook_in"].Values;
        found["text_model_output.last_hidden_state"] = states;
        double[][] texts = [.. Enumerable.Range(0, ids.Length / length).Select(text => clip.TextEmbedding(ids.AsSpan(text * length, length), states.AsSpan(text * length * d, length * d)))];
        double[] pictures = found["vision_model_output.pooler_output"];
        double[][] images = [.. pictures.Chunk(texts[0].Length)];
        found["text_model_output.pooler_output"] = [.. texts.SelectMany(text => text)];
        found["text_embeds"] = [.. texts.SelectMany(text => Heads.Normalized(text))];
        found["image_embeds"] = [.. images.SelectMany(image => Heads.Normalized(image))];
        found["logits_per_text"] = [.. texts.SelectMany(text => images.Select(image => clip.Logit(text, image)))];
        found["logits_per_image"] = [.. images.SelectMany(image => texts.Select(text => clip.Logit(text, image)))];
        return found;
    }

    private static Dictionary<string, double[]> States<T>(TransformerNetwork network, ActivationRecorder<T> recorder, string prefix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dictionary<string, double[]> found = [];
        int layers = network.Config.Layers;
        for (int layer = 0; layer < layers; layer++)
        {
            found[$"{prefix}hidden_states.{layer}"] = recorder.Seen[$"blocks.{layer}.hook_resid_pre"].Values;
            found[$"{prefix}attentions.{layer}"] = recorder.Seen[$"blocks.{layer}.attn.hook_pattern"].Values;
        }

        found[$"{prefix}hidden_states.{layers}"] = recorder.Seen[$"blocks.{layers - 1}.hook_resid_post"].Values;
        return found;
    }

    private int[] Integers(string name) => [.. golden.Tensors[name].ToIntegers().Select(value => (int)value)];
}
