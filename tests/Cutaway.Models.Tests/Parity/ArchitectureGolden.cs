using System.Numerics.Tensors;
using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>
/// One folder of <c>goldens/architectures</c>: a checkpoint, inputs and reference tensors. Each case yields every difference,
/// in firing order; a tensor whose name it does not know is a difference too.
/// </summary>
internal sealed class ArchitectureGolden
{
    private const string FinalNormOutput = "ln_final.output";

    private readonly JsonElement cases;
    private readonly JsonElement tolerances;
    private readonly SafetensorsFile tensors;

    /// <summary>Opens a folder.</summary>
    public ArchitectureGolden(string folder)
    {
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

    private Dictionary<string, StoredTensor> Group(string prefix) => tensors.Tensors
        .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    private int[][] Ids(string name, string key) => cases.GetProperty(name).GetProperty(key).Deserialize<int[][]>()!;

    private string? Compare(string name, StoredTensor reference, Recorded found) =>
        reference.Shape.SequenceEqual(found.Shape.Select(extent => (long)extent))
            ? Closeness.Difference(name, reference.ToDoubles(), found.Values, Tolerance(name))
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
}
