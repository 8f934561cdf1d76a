using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>
/// The frequencies of rotary embeddings (Su et al. 2021, section 3.4.2) and the ways in which they are stretched to longer
/// contexts, read from <c>rope_parameters</c> or from the older <c>rope_theta</c> and <c>rope_scaling</c>.
/// </summary>
/// <remarks>With dimension D, pair i turns by base^(-2i/D) a position before scaling.</remarks>
internal static class RotaryScaling
{
    private const int LongestFactor = 1 << 20;
    private const string PartialFactor = "partial_rotary_factor";

    /// <summary>Reads the rotation of all layers.</summary>
    /// <param name="config">The model's configuration.</param>
    /// <param name="dimensions">How many dimensions of a head are rotated.</param>
    /// <param name="context">The configuration's max_position_embeddings.</param>
    /// <param name="absentBase">The base where the configuration has none.</param>
    public static RotaryConfig Read(ConfigReader config, int dimensions, int context, double absentBase = 10000)
    {
        ConfigReader? scaling = config.OptionalSection("rope_parameters") ?? config.OptionalSection("rope_scaling");
        return Scale(config, scaling, Base(config, absentBase), dimensions, context);
    }

    /// <summary>The base of all layers: <c>rope_theta</c>, by itself or in <c>rope_parameters</c>.</summary>
    public static double Base(ConfigReader config, double absent = 10000)
    {
        ConfigReader? parameters = config.OptionalSection("rope_parameters");
        double theta = config.OptionalPositive("rope_theta", "rotary_emb_base") ?? absent;
        if (parameters?.OptionalPositive("rope_theta") is { } inner)
        {
            theta = config.Has("rope_theta") && inner != theta
                ? throw parameters.Fault("rope_theta", inner, $"'rope_theta' beside it says {theta}")
                : inner;
        }

        return theta;
    }

    /// <summary>How many dimensions of a head are rotated: the part that <c>partial_rotary_factor</c> or <c>rotary_pct</c> gives.</summary>
    /// <param name="config">The model's configuration.</param>
    /// <param name="dHead">Width of a head.</param>
    /// <param name="absent">The part where the configuration has none.</param>
    public static int RotatedWidth(ConfigReader config, int dHead, double absent)
    {
        ConfigReader section = config.OptionalSection("rope_parameters") is { } parameters && parameters.Has(PartialFactor) ? parameters : config;
        double part = section.OptionalPositive("rotary_pct", PartialFactor) ?? absent;
        return part <= 1 ? (int)(dHead * part) : throw section.Fault(section.Has("rotary_pct") ? "rotary_pct" : PartialFactor, part, "at most 1 was expected");
    }

    /// <summary>Reads one entry of a <c>rope_parameters</c> that differs by layer type (Gemma 3).</summary>
    public static RotaryConfig ReadSection(ConfigReader config, ConfigReader section, int dimensions, int context) =>
        Scale(config, section, section.Positive("rope_theta"), dimensions, context);

    /// <summary>Frequencies without scaling.</summary>
    public static double[] Frequencies(double theta, int dimensions)
    {
        double[] frequencies = new double[dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(theta, -2.0 * i / dimensions);
        }

        return frequencies;
    }

    /// <summary>YaRN (Peng et al. 2023, sections 3.2 and 3.4): a ramp over the pairs from kept to divided frequencies, and a factor on cosine and sine.</summary>
    /// <param name="theta">The base, above 1.</param>
    /// <param name="dimensions">Rotated dimensions.</param>
    /// <param name="original">The context before stretching.</param>
    /// <param name="factor">How far it is stretched.</param>
    /// <param name="fast">Pairs that turn more often than this over the original context are kept.</param>
    /// <param name="slow">Pairs that turn less often than this are divided by the factor.</param>
    /// <param name="whole">Whether the ramp begins and ends at whole pairs.</param>
    public static RotaryConfig Yarn(double theta, int dimensions, double original, double factor, double fast, double slow, bool whole = true)
    {
        double low = PairOf(fast);
        double high = PairOf(slow);
        low = Math.Max(whole ? Math.Floor(low) : low, 0);
        high = Math.Min(whole ? Math.Ceiling(high) : high, dimensions - 1);
        double width = high == low ? 0.001 : high - low;

        double[] frequencies = Frequencies(theta, dimensions);
        for (int i = 0; i < frequencies.Length; i++)
        {
            double divided = Math.Clamp((i - low) / width, 0, 1);
            frequencies[i] = (frequencies[i] / factor * divided) + (frequencies[i] * (1 - divided));
        }

        return new RotaryConfig { Frequencies = frequencies, Factor = Magnitude(factor) };

        double PairOf(double turns) => dimensions * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>Llama 3's scaling: pairs that turn often over the original context are kept, slow ones divided, those between blended.</summary>
    /// <param name="plain">Frequencies without scaling.</param>
    /// <param name="factor">How far the context is stretched.</param>
    /// <param name="low">Pairs that turn less often than this are divided.</param>
    /// <param name="high">Pairs that turn more often than this are kept.</param>
    /// <param name="original">The context before stretching.</param>
    public static double[] ByParts(double[] plain, double factor, double low, double high, double original) => Array.ConvertAll(plain, frequency =>
    {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < original / high)
        {
            return frequency;
        }

        if (wavelength > original / low)
        {
            return frequency / factor;
        }

        double kept = ((original / wavelength) - low) / (high - low);
        return ((1 - kept) * frequency / factor) + (kept * frequency);
    });

    /// <summary>The factor by which scaling multiplies the context that <c>max_position_embeddings</c> gives: dynamic scaling goes beyond it.</summary>
    public static double Reach(ConfigReader config) =>
        (config.OptionalSection("rope_parameters") ?? config.OptionalSection("rope_scaling")) is { } section && Kind(section) == "dynamic"
            ? Math.Min(LongestFactor, Math.Max(1, section.Positive("factor")))
            : 1;

    /// <summary>The factor on scores where yarn's magnitude is put there (<c>mscale_all_dim</c>; DeepSeek-V2) rather than on cosine and sine; else 1.</summary>
    public static double ScoreFactor(ConfigReader config) =>
        (config.OptionalSection("rope_parameters") ?? config.OptionalSection("rope_scaling")) is { } section && Kind(section) == "yarn" && section.OptionalPositive("mscale_all_dim") is { } scale
            ? Math.Pow(Magnitude(section.Positive("factor"), scale), 2)
            : 1;

    private static string Kind(ConfigReader section) => section.OptionalText("rope_type") ?? section.OptionalText("type") ?? "default";

    private static RotaryConfig Scale(ConfigReader config, ConfigReader? section, double theta, int dimensions, int context)
    {
        if (dimensions < 2 || dimensions % 2 != 0)
        {
            throw CutawayException.Model($"{config.Source} asks for {dimensions} rotated dimensions a head; an even number of at least 2 was expected");
        }

        double[] plain = Frequencies(theta, dimensions);
        if (section is null)
        {
            return new RotaryConfig { Frequencies = plain };
        }

        string kind = Kind(section);
        return kind switch
        {
            "default" => new RotaryConfig { Frequencies = plain },
            "linear" => new RotaryConfig { Frequencies = Linear(plain, section.Positive("factor")) },
            "dynamic" => Dynamic(theta, dimensions, context, section.Positive("factor")),
            "llama3" => new RotaryConfig { Frequencies = ByParts(section, plain) },
            "yarn" => ReadYarn(config, section, theta, dimensions, context),
            "longrope" or "su" => Long(config, section, plain, context),
            _ => throw section.Fault(section.Has("rope_type") ? "rope_type" : "type", Quote.Name(kind), "known are default, linear, dynamic, llama3, yarn, longrope"),
        };
    }

    /// <summary>Position interpolation (Chen et al. 2023, eq. 4): positions, and so frequencies, divided by the factor.</summary>
    private static double[] Linear(double[] plain, double factor) => Array.ConvertAll(plain, frequency => frequency / factor);

    /// <summary>
    /// The base grows with the length once it exceeds the context ("NTK-aware" scaling; Peng et al. 2023, appendix B.3, with
    /// the factor as Transformers applies it): base · (f · length / context - (f - 1))^(D / (D - 2)).
    /// </summary>
    private static RotaryConfig Dynamic(double theta, int dimensions, int context, double factor)
    {
        double[] plain = Frequencies(theta, dimensions);
        return new RotaryConfig
        {
            Frequencies = plain,
            FrequenciesForLength = length => length <= context || dimensions == 2
                ? plain
                : Frequencies(theta * Math.Pow((factor * length / context) - (factor - 1), dimensions / (dimensions - 2.0)), dimensions),
        };
    }

    /// <summary>
    /// Llama 3.1: long wavelengths are divided by the factor, short ones kept, those between blended (the "NTK by parts" of
    /// Peng et al. 2023, section 3.2, in terms of wavelength).
    /// </summary>
    private static double[] ByParts(ConfigReader section, double[] plain)
    {
        double factor = section.Positive("factor");
        double low = section.Positive("low_freq_factor");
        double high = section.Positive("high_freq_factor");
        double context = section.Positive("original_max_position_embeddings");
        if (high <= low)
        {
            throw section.Fault("high_freq_factor", high, $"more than 'low_freq_factor' ({low}) was expected");
        }

        return ByParts(plain, factor, low, high, context);
    }

    private static RotaryConfig ReadYarn(ConfigReader config, ConfigReader section, double theta, int dimensions, int context)
    {
        double original = section.OptionalPositive("original_max_position_embeddings") ?? config.OptionalPositive("original_max_position_embeddings") ?? context;
        double factor = section.OptionalPositive("factor") ?? (context / original);
        if (theta <= 1)
        {
            throw section.Fault("rope_theta", theta, "more than 1 was expected");
        }

        RotaryConfig rotary = Yarn(
            theta,
            dimensions,
            original,
            factor,
            section.OptionalPositive("beta_fast") ?? 32,
            section.OptionalPositive("beta_slow") ?? 1,
            section.Flag("truncate", absent: true));
        if (section.OptionalPositive("attention_factor") is { } given)
        {
            return rotary with { Factor = given };
        }

        return section.OptionalPositive("mscale") is { } scale && section.OptionalPositive("mscale_all_dim") is { } all
            ? rotary with { Factor = Magnitude(factor, scale) / Magnitude(factor, all) }
            : rotary;
    }

    private static double Magnitude(double factor, double scale = 1) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;

    /// <summary>LongRoPE (Ding et al. 2024, section 3): each pair has a divisor of its own, one list for short and one for long sequences.</summary>
    private static RotaryConfig Long(ConfigReader config, ConfigReader section, double[] plain, int context)
    {
        double original = section.OptionalPositive("original_max_position_embeddings") ?? config.OptionalPositive("original_max_position_embeddings")
            ?? throw section.Fault("rope_type", "longrope", "'original_max_position_embeddings' was expected with it");
        double[] shorter = Divide(section.Positives("short_factor", plain.Length));
        double[] longer = Divide(section.Positives("long_factor", plain.Length));
        double factor = config.Has("original_max_position_embeddings") ? context / original : section.OptionalPositive("factor") ?? (context / original);
        return new RotaryConfig
        {
            Frequencies = shorter,
            Factor = section.OptionalPositive("attention_factor") ?? (factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original)))),
            FrequenciesForLength = length => length > original ? longer : shorter,
        };

        double[] Divide(IReadOnlyList<double> divisors) => [.. plain.Zip(divisors, (frequency, divisor) => frequency / divisor)];
    }
}
