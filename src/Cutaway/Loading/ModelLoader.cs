using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Tokenizers;
using Cutaway.Runs;
using Cutaway.Sentences;
using Cutaway.Tensors;

namespace Cutaway.Loading;

/// <summary>Opens a model from what a user calls it: first a path, then an embedded name, then a hub id in the cache.</summary>
internal static class ModelLoader
{
    /// <summary>Opens a model; weights stay in their files until they are used.</summary>
    /// <exception cref="CutawayException">There is no such model, or its files cannot be read.</exception>
    public static LanguageModel Load(string name, DType dtype) => Load(name, dtype, HubCache.Default);

    /// <summary>As <see cref="Load(string, DType)"/>, with another hub cache.</summary>
    internal static LanguageModel Load(string name, DType dtype, HubCache cache)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            throw CutawayException.Usage($"a model's name is empty; give a folder, a .gguf file, a hub id, or an embedded model ({EmbeddedNames})");
        }

        if (Path.Exists(name))
        {
            return Open(name, name, dtype);
        }

        if (EmbeddedModels.Has(name))
        {
            return EmbeddedModels.Load(name, dtype);
        }

        return HubCache.IsId(name) && cache.Find(name) is { } snapshot ? Open(name, snapshot, dtype) : throw Unknown(name, cache);
    }

    private static string EmbeddedNames => string.Join(", ", EmbeddedModels.All.Select(model => model.Name));

    private static LanguageModel Open(string name, string path, DType dtype)
    {
        if (ModelFolder.GgufIn(path) is { } gguf)
        {
            GgufFile file = GgufFile.Open(gguf);
            return Join(name, dtype, ModelFolder.Read(file), file, () => TokenizerLoader.FromGguf(file), () => TokenizerLoader.ChatTemplateOfGguf(file));
        }

        ITensorSource tensors = ModelFolder.OpenWeights(path);
        string folder = ModelFolder.FolderOf(path);
        (NetworkConfig, NetworkWeights) network = ModelFolder.Read(path, tensors);
        return Join(
            name,
            dtype,
            network,
            tensors,
            () => TokenizerLoader.FromFolder(folder),
            () => TokenizerLoader.ChatTemplateOfFolder(folder),
            () => GenerationDefaults.Read(folder),
            () => SentenceSettings.Read(folder),
            ModelOrigin.OfFolder(path, tensors, network));
    }

    private static LanguageModel Join(
        string name,
        DType dtype,
        (NetworkConfig Config, NetworkWeights Weights) network,
        ITensorSource tensors,
        Func<ITokenizer> tokenizer,
        Func<string?> template,
        Func<GenerationOptions>? generation = null,
        Func<SentenceSettings>? sentences = null,
        ModelOrigin? origin = null) =>
        new(name, new TransformerNetwork(network.Config, network.Weights), new Lazy<ITokenizer>(() => MissingTokenizer.Or(tokenizer, network.Config.Vocabulary)), dtype)
        {
            ChatTemplate = template(),
            LazyHash = WeightHash.Lazily(tensors),
            LazyGeneration = new(generation ?? (static () => new())),
            LazySentences = new(sentences ?? (static () => new())),
            Origin = origin,
        };

    private static CutawayException Unknown(string name, HubCache cache)
    {
        if (HubCache.IsId(name) && name.Contains('/', StringComparison.Ordinal))
        {
            return CutawayException.Input(
                $"'{name}' is neither a path nor in the hub cache {cache.Folder}. Fetch it with `cutaway model pull {name}`, or give the path of a folder or .gguf file");
        }

        string near = NearNames.Suggest(name, EmbeddedModels.All.Select(model => model.Name).Concat(cache.Models().Select(model => model.Id)));
        return CutawayException.Input(
            $"there is no model '{name}'{near} (no such path; embedded: {EmbeddedNames}; hub cache: {cache.Folder})");
    }
}
