using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cutaway.Models.Network;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Every key of every golden configuration, left out or of a kind that no key takes. Whatever a family reads, it either
/// does without, or names in its error; a value of the wrong kind never becomes another network.
/// </summary>
public sealed class ConfigurationKeyTests
{
    private static readonly JsonSerializerOptions Written = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, Converters = { new AtOneLength() } };

    private static readonly string[] Elsewhere = ["bert", "bloom", "gpt-neo", "gpt-oss", "gptj", "mixtral", "opt", "phi", "phi3", "qwen3-moe", "t5"];

    // Newer versions of Transformers write some keys under a common name; an error says the name that published checkpoints have.
    private static readonly Dictionary<string, string> Published = new() { ["num_local_experts"] = "num_experts" };

    /// <summary>The folders.</summary>
    public static TheoryData<string> Families { get; } =
        [.. Directory.GetDirectories(Fixtures.Golden("architectures")).Select(folder => Path.GetFileName(folder)).Concat(Elsewhere).Order(StringComparer.Ordinal)];

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void A_key_left_out_is_done_without_or_named(string family)
    {
        int required = 0;
        foreach ((string[] path, JsonObject config) in Altered(family, (section, key) => section.Remove(key)))
        {
            required += Fault(path, config) is null ? 0 : 1;
        }

        Assert.True(required >= 4, $"{family} needs only {required} of its keys");
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void A_value_of_the_wrong_kind_is_named_or_not_read(string family)
    {
        string expected = Describe(Open(family));
        foreach ((string[] path, JsonObject config) in Altered(family, (section, key) => section[key] = new JsonArray(new JsonArray())))
        {
            if (Fault(path, config) is null)
            {
                Assert.True(expected == Describe(config), $"{family} reads another network where '{string.Join('.', path)}' is a list of a list");
            }
        }
    }

    private static CutawayException? Fault(string[] path, JsonObject config)
    {
        try
        {
            Describe(config);
            return null;
        }
        catch (CutawayException fault)
        {
            string key = string.Join('.', path);
            Assert.True(
                fault.Message.Contains($"'{key}'", StringComparison.Ordinal) || (Published.TryGetValue(key, out string? name) && fault.Message.Contains($"'{name}'", StringComparison.Ordinal)),
                $"the error without or with a wrong '{key}' does not name it: {fault.Message}");
            return fault;
        }
    }

    private static IEnumerable<(string[] Path, JsonObject Config)> Altered(string family, Action<JsonObject, string> alter)
    {
        foreach ((string key, JsonNode? value) in Open(family))
        {
            JsonObject whole = Open(family);
            alter(whole, key);
            yield return ([key], whole);
            foreach ((string inner, _) in value as JsonObject ?? [])
            {
                JsonObject part = Open(family);
                alter(part[key]!.AsObject(), inner);
                yield return ([key, inner], part);
            }
        }
    }

    private static string Describe(JsonObject config)
    {
        NetworkConfig network = ArchitectureCatalogue.Configure(JsonSerializer.SerializeToUtf8Bytes(config), "config.json");
        return JsonSerializer.Serialize(network, Written);
    }

    private static JsonObject Open(string family)
    {
        string folder = Elsewhere.Contains(family) ? Fixtures.Shared("goldens", "architectures", family) : Fixtures.Golden("architectures", family);
        return JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")))!.AsObject();
    }

    /// <summary>Writes frequencies that follow the length as what they are at one length, longer than every context here.</summary>
    private sealed class AtOneLength : JsonConverter<Func<int, IReadOnlyList<double>>>
    {
        public override Func<int, IReadOnlyList<double>> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Func<int, IReadOnlyList<double>> value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value(1000), options);
    }
}
