using System.Reflection;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Tokenizers;
using Cutaway.Organisms;
using Cutaway.Tensors;

namespace Cutaway.Loading;

/// <summary>A model that is part of this library.</summary>
/// <param name="Name">The name to load it by.</param>
/// <param name="Description">What it is.</param>
/// <param name="Bytes">Bytes of its weights file.</param>
public sealed record EmbeddedModel(string Name, string Description, long Bytes);

/// <summary>The models that are part of this library, each a checkpoint folder of <c>models/</c> kept as resources.</summary>
public static class EmbeddedModels
{
    /// <summary>The model that commands take where none is named: trained on <c>models/fable/recipe.json</c>.</summary>
    public const string Default = "fable";

    private const string Weights = "model.safetensors";

    private static readonly Assembly Home = typeof(EmbeddedModels).Assembly;

    /// <summary>The embedded models.</summary>
    public static IReadOnlyList<EmbeddedModel> All { get; } =
    [
        Describe(Default, "Four layers trained on generated text: stories, facts of an invented world, indirect objects, induction"),
        Describe(WiredOrganism.Name, "Three layers of attention, wired by hand: induction and indirect objects by known heads"),
    ];

    /// <summary>Whether a model of this name is embedded.</summary>
    internal static bool Has(string name) => All.Any(model => model.Name == name);

    /// <summary>Opens an embedded model; nothing is written to disk.</summary>
    internal static LanguageModel Load(string name, DType dtype)
    {
        byte[] json = Read(name, "config.json");
        SafetensorsFile weights = SafetensorsFile.FromBytes(Read(name, Weights), Path.Combine(Folder(name), Weights));
        (NetworkConfig config, NetworkWeights mapped) = ArchitectureCatalogue.Read(json, Path.Combine(Folder(name), "config.json"), weights, Folder(name));
        ITokenizer tokenizer = TokenizerLoader.FromJson(Read(name, "tokenizer.json"), json, Folder(name));
        return new LanguageModel(name, new TransformerNetwork(config, mapped), tokenizer, dtype)
        {
            LazyHash = WeightHash.Lazily(weights),
            Origin = new ModelOrigin(() => (json, $"the configuration of {name}"), weights, Folder(name), (config, mapped), () => [("tokenizer.json", Read(name, "tokenizer.json"))]),
        };
    }

    /// <summary>A file of an embedded model.</summary>
    internal static byte[] Read(string name, string file)
    {
        using Stream stream = Open(name, file);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static EmbeddedModel Describe(string name, string description)
    {
        using Stream stream = Open(name, Weights);
        return new EmbeddedModel(name, description, stream.Length);
    }

    private static Stream Open(string name, string file) =>
        Home.GetManifestResourceStream($"Cutaway.Embedded.{name}.{file}") ?? throw new InvalidOperationException($"the resource {name}/{file} is not in {Home.GetName().Name}");

    // What messages call the place of an embedded model's files.
    private static string Folder(string name) => $"embedded {name}";
}
