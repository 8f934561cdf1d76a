using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Planning;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway model save</c>: writes a model to a folder in Hugging Face's layout.</summary>
internal static class ModelSaveCommand
{
    private static readonly Parameter Folder = new("FOLDER", "FOLDER", "Where: nothing is there yet, or an empty folder") { IsArgument = true, Required = true };

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("model save", AllCommands.Instrument, "Write a model as a folder that transformers reads: safetensors, configuration, tokenizer", [SharedParameters.NamedModel, Folder], Run)
        {
            Shared = HubParameters.Shared,
            Examples = ["model save fable ./fable", "model save path/to/pytorch_model.bin ./converted"],
            Notes = ["PyTorch pickles, TransformerLens state dictionaries and .npz files are so converted to safetensors. Names, types and bits of the weights stay as they are."],
        };

    private static void Run(Invocation call)
    {
        string folder = call.Text(Folder.Name)!;
        LanguageModel model = SharedParameters.Load(call);
        model.Save(folder);
        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(file => file.Name, StringComparer.Ordinal)];
        Results.Write(call, stream => WriteJson(stream, folder, files), (text, _) =>
            text.WriteLine($"Wrote {model.Name} to {folder}: {files.Length} files, {MemorySize.Rounded(files.Sum(file => file.Length))}."));
    }

    private static void WriteJson(Stream stream, string folder, FileInfo[] files)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("folder", folder);
        json.WriteStartObject("files");
        foreach (FileInfo file in files)
        {
            json.WriteNumber(Path.GetRelativePath(folder, file.FullName), file.Length);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
