using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Loading;
using Cutaway.Loading.Hub;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model pull</c>: fetches a model from the hub.</summary>
internal static class ModelPullCommand
{
    private static readonly Parameter Include = new("include", "PATTERN", "Weight files to fetch instead of those it would choose, such as '*Q4_K_M.gguf'") { IsRepeatable = true };

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model pull", AllCommands.Instrument, "Fetch a model from the Hugging Face hub into the cache that its own tools use", [HubParameters.Name, Include], Run)
        {
            Shared = HubParameters.Shared,
            Examples =
            [
                "model pull HuggingFaceTB/SmolLM2-135M-Instruct",
                "model pull EleutherAI/pythia-70m@step1000",
                "model pull bartowski/SmolLM2-135M-Instruct-GGUF --include '*Q8_0.gguf'",
            ],
            Notes =
            [
                "Fetched are configuration, tokenizer and weights: safetensors, else a pickle, else the only .gguf file. A download that was cut goes on where it was; contents are checked against the hub's checksums.",
                "HF_ENDPOINT names another hub, HF_TOKEN a token for gated and private models, HF_HOME or HF_HUB_CACHE another place for the cache. Without HF_TOKEN the token that `hf auth login` left is used.",
            ],
        };

    private static void Run(Invocation call)
    {
        string name = call.Text(HubParameters.Name.Name)!;
        ModelHub hub = new(HubSettings.FromEnvironment());
        CachedModel model = ProgressLine.During(call, progress => hub.Pull(name, call.Texts(Include.Name), progress).GetAwaiter().GetResult());
        string[] files = Directory.GetFiles(model.Folder, "*", SearchOption.AllDirectories);
        Results.Write(call, stream => WriteJson(stream, model), (text, _) =>
        {
            long bytes = files.Sum(file => (new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? new FileInfo(file)).Length);
            text.WriteLine($"{name} is in {model.Folder}: {files.Length} files, {MemorySize.Rounded(bytes)}.");
            text.WriteLine($"Look inside: cutaway explain --model {name}");
        });
    }

    private static void WriteJson(Stream stream, CachedModel model)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("id", model.Id);
        json.WriteString("revision", model.Revision);
        json.WriteString("folder", model.Folder);
        json.WriteEndObject();
    }
}
