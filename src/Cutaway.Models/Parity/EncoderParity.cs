using System.Numerics;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>An encoder of text against its reference values: states, patterns and logits, in single and double precision.</summary>
/// <param name="golden">The folder.</param>
internal sealed class EncoderParity(GoldenFolder golden)
{
    private const double DoubleTolerance = 1e-9;

    /// <summary>All groups, each compared when it is asked for.</summary>
    public IEnumerable<ParityGroup> Groups()
    {
        TransformerNetwork network = golden.LoadNetwork();
        yield return new ParityGroup("output", [.. Compare<float>(network, "output/", golden.Note("tolerance").GetDouble())]);
        yield return new ParityGroup("float64", [.. Compare<double>(network, "float64/", DoubleTolerance)]);
    }

    private IEnumerable<Comparison> Compare<T>(TransformerNetwork network, string prefix, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int[] ids = Integers("input/input_ids");
        bool[] mask = [.. Integers("input/attention_mask").Select(value => value == 1)];
        int length = (int)golden.Tensors["input/input_ids"].Shape[1];
        ActivationRecorder<T> recorder = new(network.Hooks, _ => true);
        ForwardPass<T> pass = new(network);
        int[] types = network.Config.TokenTypes > 0 && golden.Tensors.ContainsKey("input/token_type_ids") ? Integers("input/token_type_ids") : [];
        pass.Run(new ForwardRequest(ids, ids.Length / length, length) { AttentionMask = mask, TokenTypes = types }, recorder);
        foreach ((string name, StoredTensor tensor) in golden.Group(prefix).OrderBy(entry => Order(entry.Key)))
        {
            double[] expected = tensor.ToDoubles();
            double[]? found = name == "logits" ? ActivationRecorder<T>.LogitsOf(pass)
                : recorder.Seen.TryGetValue(HookName(name, network.Config.Layers), out (long[], double[] Values) seen) ? seen.Values : null;
            int width = expected.Length / mask.Length;
            int perSequence = expected.Length / (mask.Length / length);

            // Rows of padding hold what counts for nothing: of a pattern [head, query, key] those of the query.
            bool Counts(int i) => name.StartsWith("attentions", StringComparison.Ordinal) ? mask[(i / perSequence * length) + (i / length % length)] : mask[i / width];
            yield return found is null
                ? Comparison.Failed(name, "it never fired, or is not known")
                : Comparison.Of(name, expected, found, tolerance, Counts, shape: tensor.Shape);
        }
    }

    private static string HookName(string name, int layers)
    {
        string index = name[(name.LastIndexOf('.') + 1)..];
        return name switch
        {
            _ when name.StartsWith("attentions.", StringComparison.Ordinal) => $"blocks.{index}.attn.hook_pattern",
            _ when name == $"hidden_states.{layers}" => $"blocks.{layers - 1}.hook_normalized_resid_post",
            _ => $"blocks.{index}.hook_resid_pre",
        };
    }

    // States before the patterns that are made of them, and logits last.
    private static string Order(string name) => name switch
    {
        "logits" => "z",
        _ => $"{name[(name.LastIndexOf('.') + 1)..].PadLeft(6, '0')} {(name.StartsWith("hidden", StringComparison.Ordinal) ? 0 : 1)}",
    };

    private int[] Integers(string name) => [.. golden.Tensors[name].ToIntegers().Select(value => (int)value)];
}
