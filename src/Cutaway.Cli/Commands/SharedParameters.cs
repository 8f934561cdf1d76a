using Cutaway.Cli.Parsing;
using Cutaway.Loading;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Cli.Commands;

/// <summary>Options that many commands share, and what they mean.</summary>
internal static class SharedParameters
{
    private const string ModelHeading = "Model";
    private const string OutputHeading = "Output";

    /// <summary>Which model.</summary>
    public static readonly Parameter Model = new("model", "NAME", "A folder, a .gguf file, a hub id (owner/name) in the cache, or an embedded model")
    {
        Default = EmbeddedModels.Default,
        Heading = ModelHeading,
    };

    /// <summary>The model named by place, where a command is about a model.</summary>
    public static readonly Parameter NamedModel = new("MODEL", "NAME", "The model, as for --model") { IsArgument = true };

    /// <summary>What an encoder reads.</summary>
    public static readonly Parameter EncoderText = new("encoder-text", "TEXT", "Text that the encoder reads, for models of two stacks (T5); prompts are then the decoder's") { Heading = ModelHeading };

    /// <summary>Which precision.</summary>
    public static readonly Parameter DType = new("dtype", "float32|float64", "Precision of the computation") { Default = "float32", Heading = ModelHeading };

    /// <summary>How many threads.</summary>
    public static readonly Parameter Threads = new("threads", "N", "Threads to compute on (default: one a processor); results do not depend on it") { Heading = ModelHeading };

    /// <summary>A page.</summary>
    public static readonly Parameter Html = new("html", "FILE", "Write a page that needs no network to FILE") { Heading = OutputHeading };

    /// <summary>Machine-readable output.</summary>
    public static readonly Parameter Json = new("json", "[FILE.json]", "JSON on standard output instead of text, or beside it in a file (any name as --json=FILE)")
    {
        Alone = "-",
        Ending = ".json",
        Heading = OutputHeading,
    };

    /// <summary>Columns.</summary>
    public static readonly Parameter Width = new("width", "N", "Columns to write to (default: the terminal's, or 100)") { Heading = OutputHeading };

    /// <summary>ASCII only.</summary>
    public static readonly Parameter Plain = new("plain", "", "ASCII without colours (colours are also left out for files and with NO_COLOR set)") { Heading = OutputHeading };

    /// <summary>No progress.</summary>
    public static readonly Parameter Quiet = new("quiet", "", "No progress and no notes of files written") { Heading = OutputHeading };

    /// <summary>Stack traces.</summary>
    public static readonly Parameter Debug = new("debug", "", "Show the stack trace of an error") { Heading = OutputHeading };

    /// <summary>Help; it is found before anything is parsed.</summary>
    public static readonly Parameter Help = new("help", "", "Show this page") { Heading = OutputHeading };

    /// <summary>Opens the model that a call names, as it asks for it.</summary>
    /// <exception cref="CutawayException">There is no such model, its files cannot be read, or it is named twice.</exception>
    public static LanguageModel Load(Invocation call)
    {
        string? placed = call.Text(NamedModel.Name);
        string? named = call.Text(Model.Name);
        if (placed is not null && named is not null)
        {
            throw CutawayException.Usage($"two models are named, '{placed}' and '{named}'; name one");
        }

        DType dtype = call.Choice(DType.Name, "float32", "float64") == "float64" ? Tensors.DType.Float64 : Tensors.DType.Float32;
        int? threads = call.Count(Threads.Name);
        LanguageModel model = LanguageModel.Load(placed ?? named ?? EmbeddedModels.Default, dtype);
        model = threads is { } count ? model.WithNetwork(new TransformerNetwork(model.Config, model.Network.Weights, new WorkerPool(count))) : model;
        return call.Text(EncoderText.Name) is { } source ? model.Reading(source, cancellation: call.Cancellation) : model;
    }
}
