using System.Text.Json;
using Cutaway.Decoding;
using Cutaway.Runs;

namespace Cutaway.Loading;

/// <summary>What a model's makers recommend: the settings of <c>generation_config.json</c>. Only what the file says is taken; nothing is filled in.</summary>
internal sealed class GenerationDefaults
{
    private readonly JsonElement settings;
    private readonly string source;

    private GenerationDefaults(JsonElement settings, string source)
    {
        this.settings = settings;
        this.source = source;
    }

    /// <summary>The settings of a model folder, or those that change nothing where it has none.</summary>
    /// <exception cref="CutawayException">The file is not JSON, or a setting is no number where one belongs.</exception>
    public static GenerationOptions Read(string folder)
    {
        string path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
        {
            return new();
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new GenerationDefaults(document.RootElement, path).Options()
                : throw CutawayException.Model($"{path} does not hold a JSON object");
        }
        catch (JsonException fault)
        {
            throw CutawayException.Model($"{path} is not valid JSON: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }

    private GenerationOptions Options()
    {
        bool draws = settings.TryGetProperty("do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.True;
        GenerationOptions none = new();
        return none with
        {
            Temperature = draws ? Number("temperature") ?? 1 : 0,
            TopK = Whole("top_k") ?? none.TopK,
            TopP = Number("top_p") ?? none.TopP,
            MinP = Number("min_p") ?? none.MinP,
            TypicalP = Number("typical_p") ?? none.TypicalP,
            EpsilonCutoff = Number("epsilon_cutoff") ?? none.EpsilonCutoff,
            EtaCutoff = Number("eta_cutoff") ?? none.EtaCutoff,
            RepetitionPenalty = Number("repetition_penalty") ?? none.RepetitionPenalty,
            NoRepeatNgram = Whole("no_repeat_ngram_size") ?? none.NoRepeatNgram,
            MaxTokens = Whole("max_new_tokens") ?? none.MaxTokens,
            MinTokens = Whole("min_new_tokens") ?? none.MinTokens,
            StopTokens = Ids("eos_token_id"),
            Banned = [.. Ids("suppress_tokens").Select(id => new[] { id })],
            Strategy = !draws && Whole("num_beams") is > 1 and int beams ? new BeamSearch { Beams = beams, LengthPenalty = Number("length_penalty") ?? 1 } : null,
        };
    }

    private double? Number(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()) ? value.GetDouble()
        : throw Fault(key, "a number");

    private int? Whole(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int whole) ? whole
        : throw Fault(key, "a whole number");

    private int[] Ids(string key) => Find(key) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) ? id : throw Fault(key, "token ids"))]
        : [Whole(key)!.Value];

    private JsonElement? Find(string key) => settings.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private CutawayException Fault(string key, string expected) => CutawayException.Model($"{source}: '{key}' is {settings.GetProperty(key)}; expected {expected}");
}
