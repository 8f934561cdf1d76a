using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>The families of models that can be read. A new one is a file beside this one and a line here.</summary>
public static class ArchitectureCatalogue
{
    private static readonly Architecture[] Families =
    [
        Gpt2.Family,
        GptNeo.Family,
        GptJ.Family,
        GptNeoX.Family,
        CodeGen.Family,
        Bloom.Family,
        Opt.Family,
        BioGpt.Family,
        Xglm.Family,
        Falcon.Family,
        Mpt.Family,
        GptBigCode.Family,
        StarCoder2.Family,
        StableLm.Family,
        Llama.Family,
        Mistral.Family,
        Qwen2.Family,
        Qwen3.Family,
        Gemma.Family,
        Gemma2.Family,
        Gemma3.Family,
        Phi.Family,
        Phi3.Family,
        Olmo.Family,
        Olmo2.Family,
        Olmo3.Family,
        Cohere.Family,
        Cohere2.Family,
        Granite.Family,
        Nemotron.Family,
        Glm.Family,
        Glm4.Family,
        SmolLm3.Family,
        InternLm2.Family,
        T5.Family,
        Mixtral.Family,
        Qwen2Moe.Family,
        Qwen3Moe.Family,
        Olmoe.Family,
        GraniteMoe.Family,
        GptOss.Family,
        DeepSeekV2.Family,
        DeepSeekV3.Family,
        Bert.Family,
        Bert.Headless,
        Roberta.Family,
        Roberta.Headless,
        DistilBert.Family,
        DistilBert.Headless,
        MpNet.Family,
        MpNet.Headless,
        HookedTransformer.Family,
        HookedTransformer.AttentionOnly,
    ];

    /// <summary>The architectures, as <c>architectures</c> in config.json names them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Families.Select(family => family.Name)];

    /// <summary>Reads a network from a configuration and the tensors that belong to it.</summary>
    /// <param name="configPath">The config.json.</param>
    /// <param name="tensors">The checkpoint's tensors.</param>
    /// <param name="where">The checkpoint's file or folder, for messages.</param>
    /// <exception cref="CutawayException">The architecture is unknown, a key is missing or contradicts another, or tensors do not fit.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Read(string configPath, ITensorSource tensors, string where) =>
        Read(ConfigReader.Open(configPath), tensors, where);

    /// <summary>Reads a network from a configuration in memory and the tensors that belong to it.</summary>
    /// <param name="config">The JSON text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="where">What to call them in messages.</param>
    /// <exception cref="CutawayException">As for a file.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Read(ReadOnlyMemory<byte> config, string source, ITensorSource tensors, string where) =>
        Read(ConfigReader.Parse(config, source), tensors, where);

    /// <summary>The shape and arithmetic that a configuration describes, without weights.</summary>
    /// <param name="config">The JSON text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CutawayException">The architecture is unknown, or a key is missing or contradicts another.</exception>
    public static NetworkConfig Configure(ReadOnlyMemory<byte> config, string source) => Configure(ConfigReader.Parse(config, source));

    /// <summary>The shape and arithmetic that a configuration describes, without its weights.</summary>
    internal static NetworkConfig Configure(ConfigReader config) => Find(config).Configure(config);

    /// <summary>The weights of a network whose configuration has been read.</summary>
    internal static NetworkWeights Map(ConfigReader config, NetworkConfig network, WeightReader weights) => Find(config).Map(config, network, weights);

    private static (NetworkConfig Config, NetworkWeights Weights) Read(ConfigReader config, ITensorSource tensors, string where)
    {
        Architecture family = Find(config);
        NetworkConfig network = family.Configure(config);
        NetworkWeights weights = family.Map(config, network, new WeightReader(tensors, where));
        return network.HeadTransform && weights.HeadTransform is null
            ? (network with { HeadTransform = false, FinalNorm = false, Unembeds = false }, weights)
            : (network, weights);
    }

    private static Architecture Find(ConfigReader config)
    {
        string? name = config.OptionalTexts("architectures") is [string first, ..] ? first : null;
        string? modelType = config.OptionalText("model_type");
        if (name is null && modelType is null && HookedTransformer.Recognises(config))
        {
            return HookedTransformer.Family;
        }

        if (name is null && modelType is null)
        {
            throw CutawayException.Model($"{config.Source} has neither 'architectures' nor 'model_type'; one of them must name the network, such as {Names[0]}");
        }

        Architecture? family = Families.FirstOrDefault(family => name is null ? family.ModelType == modelType : family.Name == name)
            ?? throw CutawayException.Model(
                $"architecture {Quote.Name(name ?? modelType!)} in {config.Source} is none of the {Families.Length} that are known{NearNames.Suggest(name ?? modelType!, name is null ? Families.Select(known => known.ModelType) : Names)} (docs/models.md lists them, docs/adding-a-model.md tells how to add one)");
        return modelType is null || modelType == family.ModelType
            ? family
            : throw config.Fault("model_type", Quote.Name(modelType), $"'architectures' says {name}, whose type is '{family.ModelType}'");
    }
}
