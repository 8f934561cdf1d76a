using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>Reads the shape and arithmetic of a network from GGUF metadata: the keys are the same in all families, under the family's name.</summary>
/// <param name="file">The file.</param>
internal sealed class GgufConfig(GgufFile file)
{
    private const int Gemma2LargestLayers = 46, Gemma3LargestLayers = 62;
    private const double UsualBase = 10000;

    private readonly string family = file.Metadata.GetString("general.architecture");

    /// <summary>The families, as <c>general.architecture</c> names them.</summary>
    public static IReadOnlyList<string> Families { get; } = ["llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt2", "gptneox", "phi3", "qwen3moe"];

    /// <summary>The network.</summary>
    /// <exception cref="CutawayException">The family is unknown, or a key is missing or contradicts another.</exception>
    public NetworkConfig Read()
    {
        if (!Families.Contains(family))
        {
            throw CutawayException.Model($"{file.Path}: 'general.architecture' is {Quote.Name(family)}. Known are {string.Join(", ", Families)}");
        }

        bool layerNorm = family is "gpt2" or "gptneox";
        bool gemma = family is "gemma" or "gemma2" or "gemma3";
        int dModel = Size("embedding_length", Limits.Width);
        HeadShape heads = Heads(dModel);
        StoredTensor embedding = file.Tensors.GetValueOrDefault("token_embd.weight")
            ?? throw CutawayException.Model($"tensor 'token_embd.weight' is missing in {file.Path}");
        NetworkConfig network = new()
        {
            Architecture = family,
            Layers = Size("block_count", Limits.Layers),
            DModel = dModel,
            Heads = heads.Heads,
            KeyValueHeads = heads.KeyValueHeads,
            DHead = heads.Width,
            DMlp = Size("feed_forward_length", Limits.Width),
            Vocabulary = Vocabulary(embedding),
            Context = Size("context_length", layerNorm ? Limits.Vocabulary : Limits.Context),
            Norm = layerNorm ? NormKind.Layer : NormKind.Rms,
            NormEpsilon = Positive(layerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
            Positions = family == "gpt2" ? PositionKind.Learned : PositionKind.Rotary,
            Block = family == "gptneox" && (file.Metadata.FindBool(Key("use_parallel_residual")) ?? true) ? BlockKind.Parallel : BlockKind.Sequential,
            Activation = family switch
            {
                "gptneox" => ActivationKind.GeluExact,
                _ when gemma || family == "gpt2" => ActivationKind.GeluTanh,
                _ => ActivationKind.Silu,
            },
            GatedMlp = !layerNorm,
            QueryKeyNorm = family is "qwen3" or "qwen3moe" or "gemma3" ? QueryKeyNorm.Head : QueryKeyNorm.None,
            NormPlacement = family is "gemma2" or "gemma3" ? NormPlacement.BeforeAndAfter : NormPlacement.Before,
            EmbeddingScale = gemma ? Math.Sqrt(dModel) : 1,
            ScoreSoftCap = family == "gemma2" ? OptionalPositive("attn_logit_softcapping") : null,
            LogitSoftCap = family is "gemma2" or "gemma3" ? OptionalPositive("final_logit_softcapping") : null,
            TiedEmbedding = !file.Tensors.ContainsKey("output.weight"),
            LayerConfigs = [],
        };
        ExpertConfig? experts = Experts(network);
        return network with
        {
            LayerConfigs = [.. Layers(network).Select((layer, i) => file.Tensors.ContainsKey($"blk.{i}.ffn_gate_inp.weight") ? layer with { Experts = experts } : layer)],
        };
    }

    /// <summary>The mixture of the layers that have one (Mixtral is of the family llama); of the chosen experts the weights sum to one.</summary>
    private ExpertConfig? Experts(NetworkConfig network)
    {
        if (file.Metadata.FindInt(Key("expert_count")) is not (> 0 and var count))
        {
            return null;
        }

        int chosen = Size("expert_used_count", Limits.Width);
        return chosen <= count && count <= Limits.Width
            ? new ExpertConfig((int)count, chosen, Optional("expert_feed_forward_length", Limits.Width) ?? network.DMlp, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true))
            : throw Fault("expert_used_count", chosen, $"there are {count} experts");
    }

    private LayerConfig[] Layers(NetworkConfig network)
    {
        double scale = OptionalPositive("attention.scale") ?? (1 / Math.Sqrt(QueryScalar(network)));
        // Phi 3's converter writes 0 for no window.
        int? window = file.Metadata.FindInt(Key("attention.sliding_window")) is 0 ? null : Optional("attention.sliding_window", Limits.Context);
        RotaryConfig? full = network.Positions == PositionKind.Rotary ? Rotation(network) : null;
        RotaryConfig? local = family == "gemma3"
            ? new RotaryConfig { Frequencies = RotaryScaling.Frequencies(OptionalPositive("rope.freq_base_swa") ?? UsualBase, network.DHead) }
            : full;
        return
        [
            .. Enumerable.Range(0, network.Layers).Select(layer => window is not null && Slides(layer)
                ? new LayerConfig { AttentionScale = scale, Window = window, Rotary = local }
                : new LayerConfig { AttentionScale = scale, Rotary = full }),
        ];
    }

    /// <summary>Gemma's largest models divide by another number than the head's width; llama.cpp too knows them by their layers where no key says so.</summary>
    private double QueryScalar(NetworkConfig network) => (family, network.Layers) is ("gemma2", Gemma2LargestLayers) or ("gemma3", Gemma3LargestLayers)
        ? (double)network.DModel / network.Heads
        : network.DHead;

    private bool Slides(int layer)
    {
        string key = Key("attention.sliding_window_pattern");
        if (file.Metadata.Values.TryGetValue(key, out GgufValue? value) && value.Type == GgufType.Array)
        {
            bool[] slides = value.AsBools();
            return layer < slides.Length ? slides[layer] : throw Fault("attention.sliding_window_pattern", $"a list of {slides.Length}", "one entry a layer was expected");
        }

        int? pattern = Optional("attention.sliding_window_pattern", Limits.Layers);
        return family switch
        {
            "gemma2" => layer % (pattern ?? 2) < (pattern ?? 2) - 1,
            "gemma3" => layer % (pattern ?? 6) < (pattern ?? 6) - 1,
            _ => pattern is null || layer % pattern < pattern - 1,
        };
    }

    private RotaryConfig Rotation(NetworkConfig network)
    {
        int dimensions = Optional("rope.dimension_count", Limits.Width) ?? network.DHead;
        if (dimensions % 2 != 0 || dimensions > network.DHead || (family != "gptneox" && dimensions != network.DHead))
        {
            throw Fault("rope.dimension_count", dimensions, $"heads are {network.DHead} wide");
        }

        double theta = OptionalPositive("rope.freq_base") ?? UsualBase;
        double[] frequencies = RotaryScaling.Frequencies(theta, dimensions);
        if (file.Tensors.TryGetValue("rope_freqs.weight", out StoredTensor? divisors))
        {
            double[] by = new WeightReader(file, file.Path).Vector(divisors.Name, dimensions / 2).Float64.ToArray();
            return new RotaryConfig { Frequencies = [.. frequencies.Zip(by, (frequency, divisor) => frequency / divisor)] };
        }

        double factor = OptionalPositive("rope.scaling.factor") ?? OptionalPositive("rope.scale_linear") ?? 1;
        string kind = file.Metadata.FindString(Key("rope.scaling.type")) ?? (factor == 1 ? "none" : "linear");
        return kind switch
        {
            "none" => new RotaryConfig { Frequencies = frequencies },
            "linear" => new RotaryConfig { Frequencies = Array.ConvertAll(frequencies, frequency => frequency / factor) },
            "yarn" => Yarn(theta, dimensions, factor, network.Context),
            _ => throw Fault("rope.scaling.type", Quote.Name(kind), "known are none, linear, yarn"),
        };
    }

    private RotaryConfig Yarn(double theta, int dimensions, double factor, int context)
    {
        if (theta <= 1)
        {
            throw Fault("rope.freq_base", theta, "more than 1 was expected");
        }

        RotaryConfig rotary = RotaryScaling.Yarn(
            theta,
            dimensions,
            OptionalPositive("rope.scaling.original_context_length") ?? context,
            factor,
            OptionalPositive("rope.scaling.yarn_beta_fast") ?? 32,
            OptionalPositive("rope.scaling.yarn_beta_slow") ?? 1);
        return rotary with { Factor = rotary.Factor * (OptionalPositive("rope.scaling.attn_factor") ?? 1) };
    }

    private HeadShape Heads(int dModel)
    {
        int heads = Size("attention.head_count", Limits.Width);
        int keyValueHeads = Optional("attention.head_count_kv", Limits.Width) ?? heads;
        if (heads % keyValueHeads != 0)
        {
            throw Fault("attention.head_count_kv", keyValueHeads, $"a divisor of '{Key("attention.head_count")}' ({heads}) was expected");
        }

        int width = Optional("attention.key_length", Limits.Width)
            ?? (dModel % heads == 0 ? dModel / heads : throw Fault("attention.head_count", heads, $"a divisor of '{Key("embedding_length")}' ({dModel}) was expected"));
        if ((Optional("attention.value_length", Limits.Width) ?? width) != width)
        {
            throw Fault("attention.value_length", file.Metadata.GetInt(Key("attention.value_length")), $"keys are {width} wide; only equal widths are supported");
        }

        return (long)heads * width <= Limits.Width ? new HeadShape(heads, keyValueHeads, width) : throw Fault("attention.key_length", width, $"{heads} heads of it are wider than {Limits.Width}");
    }

    private int Vocabulary(StoredTensor embedding)
    {
        return embedding.Shape is [>= 1 and <= Limits.Vocabulary and long rows, _]
            ? (int)rows
            : throw CutawayException.Model($"tensor 'token_embd.weight' in {file.Path} has shape {Quote.Shape(embedding.Shape)}; [vocabulary, width] was expected");
    }

    private string Key(string name) => $"{family}.{name}";

    private int Size(string name, int limit) => Optional(name, limit) ?? file.Metadata.GetInt(Key(name));

    private int? Optional(string name, int limit) => file.Metadata.FindInt(Key(name)) is { } value
        ? value >= 1 && value <= limit ? value : throw Fault(name, value, $"a whole number from 1 to {limit} was expected")
        : null;

    private double Positive(string name) => OptionalPositive(name) ?? file.Metadata.GetFloat(Key(name));

    private double? OptionalPositive(string name) => file.Metadata.FindFloat(Key(name)) is { } value
        ? double.IsFinite(value) && value > 0 ? value : throw Fault(name, value, "a finite number above 0 was expected")
        : null;

    private CutawayException Fault(string name, object found, string expected) =>
        CutawayException.Model(FormattableString.Invariant($"{file.Path}: '{Key(name)}' is {found}; {expected}"));
}
