using System.Globalization;
using Cutaway.Cli.Parsing;
using Cutaway.Interventions;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Numpy;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway run</c>: runs a model once, with a plan, and writes what was captured to a file.</summary>
internal static class RunCommand
{
    private const int MostListed = 12;

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("run", AllCommands.Instrument, "Run a model with captures and interventions, and write activations and logits to a file",
        [
            SharedParameters.NamedModel,
            .. TokenInput.Parameters,
            new Parameter("capture", "GLOB", "Hook points to keep, such as blocks.*.hook_resid_post (cutaway hooks lists all)") { IsRepeatable = true },
            new Parameter("logits", "all|last|none", "Positions whose logits are computed and written") { Default = "all" },
            new Parameter("intervene", "FILE.json", "A plan: interventions and captures in the order in which they apply"),
            new Parameter("out", "FILE.safetensors|FILE.npz", "Where to write: safetensors, or arrays of NumPy by the ending .npz") { Required = true },
        ], Run)
        {
            Shared =
            [
                SharedParameters.Model, SharedParameters.EncoderText, SharedParameters.DType, SharedParameters.Threads, SharedParameters.Quiet, SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples =
            [
                "run wired --prompt \"When Mary and John went to the store, John gave a drink to\" --capture \"blocks.*.attn.hook_pattern\" --out run.safetensors",
                "run path/to/model.gguf --ids 1,2,3 --logits last --out logits.safetensors",
                "run path/to/folder --ids-file batch.json --intervene plan.json --dtype float64 --out run.safetensors",
            ],
            Notes =
            [
                "The file holds each capture under its hook name and, unless --logits none, 'logits' [batch, pos, vocab]; with --logits last, pos is 1: "
                + "the last token of each sequence that is not padding.",
                "FILE of --ids-file: [1, 2, 3], or [[1, 2], [3, 4, 5]] for a batch. Sequences of different lengths are padded on the left with id 0, masked; "
                + "with --attention-mask they must have one length.",
                "A plan: [{\"kind\": \"scale\", \"site\": {\"name\": \"blocks.0.attn.hook_z\", \"heads\": [3]}, \"factor\": 0}]. "
                + "Kinds: capture, replace, freeze, add, scale, ablate, project-out, affine, clamp.",
            ],
        };

    private static void Run(Invocation call)
    {
        string scope = call.Choice("logits", "all", "last", "none");
        List<PlanItem> plan = call.Text("intervene") is { } file ? [.. Plans.Read(file)] : [];
        plan.AddRange(Capture.All([.. call.Texts("capture").Select(Site.FromString)]));
        if (scope == "none" && !plan.Exists(item => item is Capture))
        {
            throw CutawayException.Usage("there is nothing to write: --logits none and no --capture; ask for one of them");
        }

        AtomicFile.Probe(call.Text("out")!);
        LanguageModel model = SharedParameters.Load(call);
        TokenBatch tokens = TokenInput.Read(call, model);
        LogitScope logits = scope switch
        {
            "all" => LogitScope.All,
            "last" => LogitScope.Last,
            _ => LogitScope.None,
        };
        Run run = model.Run(tokens, plan, logits, call.Cancellation);
        Write(call, run, logits);
    }

    private static void Write(Invocation call, Run run, LogitScope scope)
    {
        List<OutputTensor> tensors = [.. run.Captures.Select(pair => Stored(pair.Key, pair.Value))];
        if (scope != LogitScope.None)
        {
            Tensor logits = run.Logits;
            tensors.Add(Stored("logits", scope == LogitScope.Last ? logits.Reshape([logits.Shape[0], 1, logits.Shape[1]], ["batch", "pos", "vocab"]) : logits));
        }

        string path = call.Text("out")!;
        call.Cancellation.ThrowIfCancellationRequested();
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            NpzWriter.Write(path, tensors);
        }
        else
        {
            SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
            {
                ["model"] = run.Model.Name,
                ["dtype"] = call.Text(SharedParameters.DType.Name) ?? "float32",
                ["cutaway"] = CommandLine.Version,
            });
        }

        if (!call.Has(SharedParameters.Quiet.Name))
        {
            Report(call.Terminal.Out, run.Tokens, tensors, path);
        }
    }

    private static OutputTensor Stored(string name, Tensor tensor) => OutputTensor.Streamed(
        name,
        tensor.DType == DType.Float32 ? ElementType.Float32 : ElementType.Float64,
        [.. tensor.Shape.Select(extent => (long)extent)],
        stream => stream.Write(tensor.AsBytes()));

    private static void Report(TextWriter text, TokenBatch tokens, List<OutputTensor> tensors, string path)
    {
        foreach (OutputTensor tensor in tensors.Take(MostListed))
        {
            text.WriteLine($"{tensor.Name}  [{string.Join(", ", tensor.Shape)}]  {tensor.Type.ToString().ToLowerInvariant()}");
        }

        if (tensors.Count > MostListed)
        {
            text.WriteLine($"... and {tensors.Count - MostListed} more");
        }

        if (!tokens.Mask.IsEmpty)
        {
            text.WriteLine($"{tokens.Batch} sequences of {tokens.Length} positions, padding counted");
        }

        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"wrote {path}: {tensors.Count} {(tensors.Count == 1 ? "tensor" : "tensors")}, {tensors.Sum(tensor => tensor.ByteLength):N0} bytes"));
    }
}
