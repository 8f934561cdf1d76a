using System.Numerics;
using System.Numerics.Tensors;
using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Parity;

/// <summary>
/// One folder of <c>goldens/architectures</c>: a checkpoint, inputs and reference tensors. Each case yields every difference,
/// in firing order; a tensor whose name it does not know is a difference too.
/// </summary>
internal sealed class ArchitectureGolden
{
    private const string FinalNormOutput = "ln_final.output";

    private readonly string folder;
    private readonly JsonElement cases;
    private readonly JsonElement tolerances;
    private readonly SafetensorsFile tensors;

    /// <summary>Opens a folder.</summary>
    public ArchitectureGolden(string folder)
    {
        this.folder = folder;
        JsonElement root = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json"))).RootElement;
        cases = root.GetProperty("cases");
        tolerances = root.GetProperty("tolerances");
        tensors = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        Network = NetworkRun.Load(folder);
    }

    /// <summary>The checkpoint's network.</summary>
    public TransformerNetwork Network { get; }

    /// <summary>Ids of the plain run.</summary>
    public int[][] PlainIds => Ids("plain", "input_ids");

    /// <summary>Groups that the tensors fall into: what stands before the first slash.</summary>
    public IEnumerable<string> Groups => tensors.Tensors.Keys.Select(name => name[..name.IndexOf('/')]).Distinct();

    /// <summary>Every activation of one run, and its logits.</summary>
    public IEnumerable<string?> Plain()
    {
        Dictionary<string, StoredTensor> expected = Group("plain/");
        NetworkRun run = NetworkRun.Of<float>(Network, PlainIds, wants: point => expected.ContainsKey(point.Name) || point.Kind == HookKind.UnembedIn);
        foreach (string name in run.Order)
        {
            if (expected.Remove(name, out StoredTensor? reference))
            {
                yield return Compare(name, reference, run.Seen[name]);
            }
        }

        expected.Remove(FinalNormOutput, out StoredTensor? final);
        yield return Compare(FinalNormOutput, final!, run.Seen["unembed.hook_in"]);
        expected.Remove("logits", out StoredTensor? logits);
        yield return Closeness.Difference("logits", logits!.ToDoubles(), run.Logits, Tolerance("logits"));
        foreach (string name in expected.Keys)
        {
            yield return $"{name}: it never fired, or is not known";
        }
    }

    /// <summary>Prompts of unequal length in one batch; positions that are padding do not count.</summary>
    /// <param name="name"><c>padded</c> or <c>padded_right</c>.</param>
    public IEnumerable<string?> Padded(string name)
    {
        bool[][] mask = [.. Ids(name, "attention_mask").Select(row => Array.ConvertAll(row, value => value == 1))];
        bool[] real = [.. mask.SelectMany(row => row)];
        Dictionary<string, StoredTensor> expected = Group(name + "/");
        NetworkRun run = NetworkRun.Of<float>(Network, Ids(name, "input_ids"), mask, point => expected.ContainsKey(point.Name));
        foreach ((string tensor, StoredTensor stored) in expected)
        {
            double[] reference = stored.ToDoubles();
            double[]? found = tensor == "logits" ? run.Logits : run.Seen.GetValueOrDefault(tensor)?.Values;
            int width = reference.Length / real.Length;
            yield return found is null
                ? $"{tensor}: it never fired, or is not known"
                : Closeness.Difference(tensor, reference, found, Tolerance(tensor), i => real[i / width]);
        }
    }

    /// <summary>Greedy tokens through the key/value cache.</summary>
    public IEnumerable<string?> Greedy()
    {
        JsonElement settings = cases.GetProperty("greedy");
        int[] prompt = settings.GetProperty("prompt").Deserialize<int[]>()!;
        int[] tokens = settings.GetProperty("tokens").Deserialize<int[]>()!;
        Dictionary<string, StoredTensor> expected = Group("greedy/");
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

        yield return found.SequenceEqual(tokens) ? null : $"greedy tokens are {string.Join(' ', found)}; {string.Join(' ', tokens)} were expected";
        expected.Remove("last_logits", out StoredTensor? last);
        yield return Closeness.Difference("last_logits", last!.ToDoubles(), NetworkRun.ToDoubles(pass.Logits), Tolerance("logits"));
        foreach (string name in expected.Keys)
        {
            yield return $"{name}: it is not known";
        }
    }

    /// <summary>The logits in double precision.</summary>
    public IEnumerable<string?> Float64()
    {
        Dictionary<string, StoredTensor> expected = Group("float64/");
        expected.Remove("logits", out StoredTensor? logits);
        double[] found = NetworkRun.Of<double>(Network, Ids("float64", "input_ids")).Logits;
        yield return Closeness.Difference("logits in fp64", logits!.ToDoubles(), found, tolerances.GetProperty("float64_logits_abs").GetDouble(), absolute: true);
        foreach (string name in expected.Keys)
        {
            yield return $"{name}: it is not known";
        }
    }

    /// <summary>The gradients of the mean next-token loss: of every parameter, and of the residual stream.</summary>
    public IEnumerable<string?> Gradients<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dictionary<string, StoredTensor> expected = Group("grad/");
        GradientRun run = GradientRun.OfLoss<T>(Network, PlainIds, point => expected.ContainsKey("resid/" + point.Name));
        yield return Closeness.Difference("loss", expected["loss"].ToDoubles(), [run.Loss], Tolerance("logits"));
        foreach ((string name, Recorded found) in run.Seen)
        {
            yield return GradientDifference(name, expected["resid/" + name].ToDoubles(), found.Values, Math.Abs(TensorPrimitives.MaxMagnitude<double>(expected["resid/" + name].ToDoubles())));
        }

        // Read as a checkpoint, the gradients fall into the places of the weights that they belong to.
        (_, NetworkWeights weights) = ArchitectureCatalogue.Read(
            Path.Combine(folder, "config.json"), new Tensors(expected.Where(entry => entry.Key.StartsWith("param/", StringComparison.Ordinal)).ToDictionary(entry => entry.Key["param/".Length..], entry => entry.Value)), folder);
        IReadOnlyList<NamedWeight> references = NamedWeight.Of(weights);
        foreach (NamedWeight reference in references)
        {
            yield return GradientDifference(reference.Name, Values(reference), run.Parameters[reference.Name], Largest(reference));
        }

        // The tolerance goes by the largest gradient of a stored tensor, which may be queries, keys and values side by side.
        double Largest(NamedWeight reference)
        {
            int part = reference.Name.LastIndexOf('_');
            bool fused = part >= 0 && reference.Name[part..] is "_Q" or "_K" or "_V" && expected.Keys.Any(name => name.Contains("c_attn") || name.Contains("query_key_value"));
            return references.Where(other => other == reference || (fused && other.Name.Length == reference.Name.Length && other.Name[..part] == reference.Name[..part]))
                .Max(other => Math.Abs(TensorPrimitives.MaxMagnitude<double>(Values(other))));
        }

        static double[] Values(NamedWeight weight) => weight.Matrix?.Decode<double>() ?? weight.Vector!.Float64.ToArray();

        yield return references.Count == run.Parameters.Count ? null : $"{run.Parameters.Count} parameters, {references.Count} were expected";
        yield return run.Seen.Count == expected.Keys.Count(name => name.StartsWith("resid/", StringComparison.Ordinal)) ? null : "a gradient of the residual stream is missing";
    }

    private string? GradientDifference(string name, double[] reference, double[] found, double largest) =>
        Closeness.Difference(name, reference, found, tolerances.GetProperty("grad").GetDouble() * Math.Max(1e-3, largest), absolute: true);

    private Dictionary<string, StoredTensor> Group(string prefix) => tensors.Tensors
        .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(entry => HookName(entry.Key[prefix.Length..]), entry => entry.Value);

    // The goldens call what a router decides by names of their own.
    private static string HookName(string name) => name
        .Replace("mlp.router_logits", "mlp.hook_router_logits", StringComparison.Ordinal)
        .Replace("mlp.topk_indices", "mlp.hook_expert_indices", StringComparison.Ordinal)
        .Replace("mlp.topk_weights", "mlp.hook_expert_weights", StringComparison.Ordinal);

    private int[][] Ids(string name, string key) => cases.GetProperty(name).GetProperty(key).Deserialize<int[][]>()!;

    private static double[] Values(StoredTensor stored) => stored.Type is ElementType.Int32 or ElementType.Int64 ? Array.ConvertAll(stored.ToIntegers(), value => (double)value) : stored.ToDoubles();

    private string? Compare(string name, StoredTensor reference, Recorded found) =>
        reference.Shape.SequenceEqual(found.Shape.Select(extent => (long)extent))
            ? Closeness.Difference(name, Values(reference), found.Values, Tolerance(name))
            : $"{name}: shape [{string.Join(", ", found.Shape)}]; [{string.Join(", ", reference.Shape)}] was expected";

    // Tolerances are given by group: the residual stream, attention, its pattern, the MLP, the final norm, logits.
    private double Tolerance(string name)
    {
        string group = name switch
        {
            "logits" => "logits",
            FinalNormOutput => "ln_final",
            _ when name.EndsWith("hook_pattern", StringComparison.Ordinal) => "pattern",
            _ when name.Contains(".attn.", StringComparison.Ordinal) || name.EndsWith("hook_attn_out", StringComparison.Ordinal) => "attn",
            _ when name.Contains("mlp", StringComparison.Ordinal) => "mlp",
            _ => "resid",
        };
        return tolerances.GetProperty(group).GetDouble();
    }

    private sealed record Tensors(IReadOnlyDictionary<string, StoredTensor> ByName) : ITensorSource
    {
        IReadOnlyDictionary<string, StoredTensor> ITensorSource.Tensors => ByName;
    }
}
