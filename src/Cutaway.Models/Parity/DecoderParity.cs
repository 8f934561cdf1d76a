using System.Numerics;
using System.Numerics.Tensors;
using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Parity;

/// <summary>A decoder against its reference values: every activation of a plain run, padded batches, greedy tokens, double precision, gradients.</summary>
/// <param name="golden">The folder.</param>
internal sealed class DecoderParity(GoldenFolder golden)
{
    private const string FinalNormOutput = "ln_final.output";

    private readonly JsonElement tolerances = golden.Note("tolerances");

    /// <summary>The checkpoint's network.</summary>
    public TransformerNetwork Network { get; } = golden.LoadNetwork();

    /// <summary>Ids of the plain run.</summary>
    public int[][] PlainIds => Ids("plain", "input_ids");

    /// <summary>All groups, each compared when it is asked for.</summary>
    public IEnumerable<ParityGroup> Groups()
    {
        foreach (string name in (string[])["plain", "padded", "padded_right", "greedy", "float64", "grad"])
        {
            if (golden.Prefixes.Contains(name))
            {
                yield return new ParityGroup(name,
                [
                    .. name switch
                    {
                        "plain" => Plain(),
                        "greedy" => Greedy(),
                        "float64" => Float64(),
                        "grad" => Gradients<float>(),
                        _ => Padded(name),
                    },
                ]);
            }
        }

        foreach (string unknown in golden.Prefixes.Except(["plain", "padded", "padded_right", "greedy", "float64", "grad"]))
        {
            yield return new ParityGroup(unknown, [Comparison.Failed(unknown, "no such group is known")]);
        }
    }

    /// <summary>Every activation of one run, and its logits.</summary>
    public IEnumerable<Comparison> Plain()
    {
        Dictionary<string, StoredTensor> expected = golden.Group("plain/").ToDictionary(entry => HookName(entry.Key), entry => entry.Value);
        ActivationRecorder<float> recorder = new(Network.Hooks, point => expected.ContainsKey(point.Name) || point.Kind == HookKind.UnembedIn);
        double[] logits = Run(PlainIds, null, recorder);
        foreach (string name in recorder.Order)
        {
            if (expected.Remove(name, out StoredTensor? reference))
            {
                yield return Compare(name, reference, recorder.Seen[name]);
            }
        }

        expected.Remove(FinalNormOutput, out StoredTensor? final);
        yield return Compare(FinalNormOutput, final!, recorder.Seen["unembed.hook_in"]);
        expected.Remove("logits", out StoredTensor? last);
        yield return Comparison.Of("logits", last!.ToDoubles(), logits, Tolerance("logits"), shape: last.Shape);
        foreach (string name in expected.Keys)
        {
            yield return Comparison.Failed(name, "it never fired, or is not known");
        }
    }

    /// <summary>Prompts of unequal length in one batch; positions that are padding do not count.</summary>
    /// <param name="name"><c>padded</c> or <c>padded_right</c>.</param>
    public IEnumerable<Comparison> Padded(string name)
    {
        bool[] real = [.. Ids(name, "attention_mask").SelectMany(row => row).Select(value => value == 1)];
        Dictionary<string, StoredTensor> expected = golden.Group(name + "/");
        ActivationRecorder<float> recorder = new(Network.Hooks, point => expected.ContainsKey(point.Name));
        double[] logits = Run(Ids(name, "input_ids"), real, recorder);
        foreach ((string tensor, StoredTensor stored) in expected.OrderBy(entry => Network.Hooks.Find(entry.Key)?.Index ?? int.MaxValue))
        {
            double[] reference = stored.ToDoubles();
            double[]? found = tensor == "logits" ? logits : recorder.Seen.TryGetValue(tensor, out (long[], double[] Values) seen) ? seen.Values : null;
            int width = reference.Length / real.Length;
            yield return found is null
                ? Comparison.Failed(tensor, "it never fired, or is not known")
                : Comparison.Of(tensor, reference, found, Tolerance(tensor), i => real[i / width], shape: stored.Shape);
        }
    }

    /// <summary>Greedy tokens through the key/value cache.</summary>
    public IEnumerable<Comparison> Greedy()
    {
        int[] prompt = golden.Note("cases", "greedy", "prompt").Deserialize<int[]>()!;
        int[] tokens = golden.Note("cases", "greedy", "tokens").Deserialize<int[]>()!;
        Dictionary<string, StoredTensor> expected = golden.Group("greedy/");
        ForwardPass<float> pass = new(Network);
        KeyValueCache cache = KeyValueCache.Create<float>(Network.Config, 1, prompt.Length + tokens.Length);
        int[] next = prompt;
        List<int> found = [];
        foreach (int _ in tokens)
        {
            pass.Run(new ForwardRequest(next, 1, next.Length) { Logits = LogitScope.Last, Cache = cache });
            found.Add(TensorPrimitives.IndexOfMax(pass.Logits));
            next = [found[^1]];
        }

        yield return found.SequenceEqual(tokens)
            ? new Comparison("tokens", 0, null)
            : Comparison.Failed("tokens", $"they are {string.Join(' ', found)}; {string.Join(' ', tokens)} were expected");
        expected.Remove("last_logits", out StoredTensor? last);
        yield return Comparison.Of("last_logits", last!.ToDoubles(), ActivationRecorder<float>.LogitsOf(pass), Tolerance("logits"));
        foreach (string name in expected.Keys)
        {
            yield return Comparison.Failed(name, "it is not known");
        }
    }

    /// <summary>The logits in double precision.</summary>
    public IEnumerable<Comparison> Float64()
    {
        Dictionary<string, StoredTensor> expected = golden.Group("float64/");
        expected.Remove("logits", out StoredTensor? logits);
        double[] found = Run<double>(Ids("float64", "input_ids"), null, null);
        yield return Comparison.Of("logits", logits!.ToDoubles(), found, tolerances.GetProperty("float64_logits_abs").GetDouble(), absolute: true, shape: logits.Shape);
        foreach (string name in expected.Keys)
        {
            yield return Comparison.Failed(name, "it is not known");
        }
    }

    /// <summary>The gradients of the mean next-token loss: of every parameter, and of the residual stream.</summary>
    public IEnumerable<Comparison> Gradients<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dictionary<string, StoredTensor> expected = golden.Group("grad/");
        ParameterGradients<T> gradients = new();
        foreach (NamedWeight weight in Network.NamedWeights)
        {
            gradients.Want(weight.Weight, weight.Length);
        }

        ActivationRecorder<T> recorder = new(Network.Hooks, point => expected.ContainsKey("resid/" + point.Name)) { Gradients = true };
        ForwardPass<T> pass = new(Network);
        int[] targets = [.. PlainIds.SelectMany(row => row.Skip(1).Append(-1))];
        pass.Record(Request(PlainIds) with { Targets = targets, Logits = LogitScope.None }, new Tape<T>(gradients), recorder);
        pass.Backward();
        yield return Comparison.Of("loss", expected["loss"].ToDoubles(), [pass.Loss], Tolerance("logits"));
        foreach ((string name, (_, double[] values)) in recorder.Seen)
        {
            double[] reference = expected["resid/" + name].ToDoubles();
            yield return Gradient(name, reference, values, Largest(reference));
        }

        if (recorder.Seen.Count != expected.Keys.Count(name => name.StartsWith("resid/", StringComparison.Ordinal)))
        {
            yield return Comparison.Failed("resid", "a gradient of the residual stream is missing");
        }

        // Read as a checkpoint, the gradients fall into the places of the weights that they belong to.
        Dictionary<string, StoredTensor> parameters = expected.Where(entry => entry.Key.StartsWith("param/", StringComparison.Ordinal)).ToDictionary(entry => entry.Key["param/".Length..], entry => entry.Value);
        (_, NetworkWeights read) = ArchitectureCatalogue.Read(Path.Combine(golden.Folder, "config.json"), new Source(parameters), golden.Folder);
        IReadOnlyList<NamedWeight> references = NamedWeight.Of(read);
        bool fused = parameters.Keys.Any(name => name.Contains("c_attn", StringComparison.Ordinal) || name.Contains("query_key_value", StringComparison.Ordinal) || name.Contains("qkv", StringComparison.Ordinal));
        Dictionary<string, NamedWeight> own = Network.NamedWeights.ToDictionary(weight => weight.Name);
        foreach (NamedWeight reference in references)
        {
            yield return own.TryGetValue(reference.Name, out NamedWeight? weight)
                ? Gradient(reference.Name, Values(reference), ActivationRecorder<T>.ToDoubles(gradients.Of(weight.Weight)), LargestStored(reference, references, fused))
                : Comparison.Failed(reference.Name, "the network has no such parameter");
        }

        if (references.Count != own.Count)
        {
            yield return Comparison.Failed("param", $"{own.Count} parameters, {references.Count} were expected");
        }
    }

    // The tolerance goes by the largest gradient of a stored tensor, which may be queries, keys and values side by side.
    private static double LargestStored(NamedWeight reference, IReadOnlyList<NamedWeight> all, bool fused)
    {
        int part = reference.Name.LastIndexOf('_');
        bool together = fused && part >= 0 && reference.Name[part..] is "_Q" or "_K" or "_V";
        return all.Where(other => other == reference || (together && other.Name.Length == reference.Name.Length && other.Name[..part] == reference.Name[..part])).Max(other => Largest(Values(other)));
    }

    private static double[] Values(NamedWeight weight) => weight.Matrix?.Decode<double>() ?? weight.Vector!.Float64.ToArray();

    private static double Largest(double[] values) => Math.Abs(TensorPrimitives.MaxMagnitude<double>(values));

    private static ForwardRequest Request(int[][] ids) => new(ids.SelectMany(row => row).ToArray(), ids.Length, ids[0].Length);

    private double[] Run(int[][] ids, bool[]? mask, ActivationRecorder<float>? recorder) => Run<float>(ids, mask, recorder);

    private double[] Run<T>(int[][] ids, bool[]? mask, ActivationRecorder<T>? recorder)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ForwardPass<T> pass = new(Network);
        pass.Run(Request(ids) with { AttentionMask = mask }, recorder);
        return ActivationRecorder<T>.LogitsOf(pass);
    }

    private Comparison Gradient(string name, double[] reference, double[] found, double largest) =>
        Comparison.Of(name, reference, found, tolerances.GetProperty("grad").GetDouble() * Math.Max(1e-3, largest), absolute: true);

    private int[][] Ids(string name, string key) => golden.Note("cases", name, key).Deserialize<int[][]>()!;

    private Comparison Compare(string name, StoredTensor reference, (long[] Shape, double[] Values) found) => reference.Shape.SequenceEqual(found.Shape)
        ? Comparison.Of(name, GoldenFolder.ToDoubles(reference), found.Values, Tolerance(name), shape: found.Shape)
        : Comparison.Failed(name, $"its shape is [{string.Join(", ", found.Shape)}]; [{string.Join(", ", reference.Shape)}] was expected");

    // The goldens call what a router decides by names of their own.
    private static string HookName(string name) => name
        .Replace("mlp.router_logits", "mlp.hook_router_logits", StringComparison.Ordinal)
        .Replace("mlp.topk_indices", "mlp.hook_expert_indices", StringComparison.Ordinal)
        .Replace("mlp.topk_weights", "mlp.hook_expert_weights", StringComparison.Ordinal);

    // Tolerances are given by group: the residual stream, attention, its pattern, the MLP, the final norm, logits.
    private double Tolerance(string name) => tolerances.GetProperty(name switch
    {
        "logits" => "logits",
        FinalNormOutput => "ln_final",
        _ when name.EndsWith("hook_pattern", StringComparison.Ordinal) => "pattern",
        _ when name.Contains(".attn.", StringComparison.Ordinal) || name.EndsWith("hook_attn_out", StringComparison.Ordinal) => "attn",
        _ when name.Contains("mlp", StringComparison.Ordinal) => "mlp",
        _ => "resid",
    }).GetDouble();

    private sealed record Source(IReadOnlyDictionary<string, StoredTensor> ByName) : ITensorSource
    {
        IReadOnlyDictionary<string, StoredTensor> ITensorSource.Tensors => ByName;
    }
}
