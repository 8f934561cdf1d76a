using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Plans as JSON: an array of records, each with its <c>kind</c>, <c>site</c> and properties.</summary>
public static class Plans
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower), new TensorConverter(), new SiteConverter() },
    };

    /// <summary>Writes a plan.</summary>
    /// <exception cref="CutawayException">The plan holds a local function.</exception>
    public static string ToJson(IReadOnlyList<PlanItem> plan) => plan.Any(item => item is LocalFunction)
        ? throw CutawayException.Usage("a local function is code and cannot be saved; use a record such as Add, Replace or Affine")
        : JsonSerializer.Serialize(plan, Options);

    /// <summary>Reads a plan.</summary>
    /// <param name="json">An array of records.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="CutawayException">The text is not a plan.</exception>
    public static IReadOnlyList<PlanItem> FromJson(string json, string source = "the plan")
    {
        try
        {
            return JsonSerializer.Deserialize<PlanItem[]>(json, Options) is { } plan && !plan.Contains(null)
                ? plan
                : throw CutawayException.Input($"{source} is empty; expected a JSON array of interventions");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw CutawayException.Input(
                $"{source} is not a plan: {Reason(error)}. Expected e.g. [{{\"kind\": \"scale\", \"site\": \"blocks.0.hook_attn_out\", \"factor\": 0}}]", error);
        }
    }

    /// <summary>Reads a plan from a file.</summary>
    /// <exception cref="CutawayException">The file cannot be read, or is not a plan.</exception>
    public static IReadOnlyList<PlanItem> Read(string path)
    {
        try
        {
            return FromJson(File.ReadAllText(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the plan {path} cannot be read: {error.Message}", error);
        }
    }

    // The serializer speaks of .NET types; a plan's author thinks of kinds and properties.
    private static string Reason(Exception error)
    {
        string where = error is JsonException { Path: { Length: > 1 } path } ? $" (at {path})" : "";
        string message = error.Message.Split(" Path:")[0].TrimEnd('.');
        if (Regex.Match(message, "missing required properties including: (.+)$") is { Success: true } missing)
        {
            return $"{missing.Groups[1].Value.TrimEnd('.')} is missing{where}";
        }

        if (Regex.Match(message, "JSON property ('.+?') could not be mapped") is { Success: true } unknown)
        {
            return $"{unknown.Groups[1].Value} is no property there{where}";
        }

        if (Regex.Match(message, "type discriminator id '(.+?)'") is { Success: true } kind)
        {
            IEnumerable<string> kinds = typeof(PlanItem).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => $"{attribute.TypeDiscriminator}");
            return $"'{kind.Groups[1].Value}' is no kind of intervention{where}; there are {string.Join(", ", kinds)}";
        }

        return message.Contains("Cutaway.", StringComparison.Ordinal) || message.Contains("System.", StringComparison.Ordinal) ? $"a value is of the wrong type or missing{where}" : message + where;
    }

    /// <summary>A site is a name, or an object with name, heads and positions.</summary>
    private sealed class SiteConverter : JsonConverter<Site>
    {
        public override Site Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return new Site(reader.GetString()!);
            }

            SiteShape shape = JsonSerializer.Deserialize<SiteShape>(ref reader, options) ?? throw new JsonException("a site is missing");
            return new Site(shape.Name) { Heads = shape.Heads, Positions = shape.Positions };
        }

        public override void Write(Utf8JsonWriter writer, Site value, JsonSerializerOptions options)
        {
            if (value.Heads is null && value.Positions is null)
            {
                writer.WriteStringValue(value.Name);
            }
            else
            {
                JsonSerializer.Serialize(writer, new SiteShape(value.Name, value.Heads, value.Positions), options);
            }
        }

        private sealed record SiteShape([property: JsonRequired] string Name, IReadOnlyList<int>? Heads, IReadOnlyList<int>? Positions);
    }

    /// <summary>A tensor is an array of numbers, or nested arrays of equal lengths.</summary>
    private sealed class TensorConverter : JsonConverter<Tensor>
    {
        public override Tensor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            List<double> values = [];
            List<int> shape = [];
            ReadLevel(ref reader, 0, values, shape);
            return Tensor.Of(values.ToArray(), shape.ToArray());
        }

        public override void Write(Utf8JsonWriter writer, Tensor value, JsonSerializerOptions options) => WriteLevel(writer, value, 0, 0, value.Count);

        private static void ReadLevel(ref Utf8JsonReader reader, int depth, List<double> values, List<int> shape)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw new JsonException("a tensor is an array of numbers, or arrays of equal length");
            }

            int count = 0;
            bool leaf = false;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String)
                {
                    leaf = true;
                    values.Add(reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : NotFinite(reader.GetString()!));
                }
                else
                {
                    ReadLevel(ref reader, depth + 1, values, shape);
                }

                count++;
            }

            // The innermost arrays end first, so extents are learnt from the inside and entered at their depth.
            while (shape.Count <= depth)
            {
                shape.Add(-1);
            }

            if ((shape[depth] >= 0 && shape[depth] != count) || (leaf && shape.Count > depth + 1))
            {
                throw new JsonException("the arrays of a tensor differ in length");
            }

            shape[depth] = count;
        }

        // Masked scores are minus infinity, which JSON has no number for.
        private static double NotFinite(string text) => text switch
        {
            "-Infinity" => double.NegativeInfinity,
            "Infinity" => double.PositiveInfinity,
            _ => throw new JsonException($"'{text}' is not a number"),
        };

        private static void WriteNumber(Utf8JsonWriter writer, double value)
        {
            if (double.IsInfinity(value))
            {
                writer.WriteStringValue(value > 0 ? "Infinity" : "-Infinity");
            }
            else
            {
                writer.WriteNumberValue(double.IsNaN(value) ? throw CutawayException.Usage("a plan holds NaN, which cannot be saved; check where its values come from") : value);
            }
        }

        private static int WriteLevel(Utf8JsonWriter writer, Tensor tensor, int depth, int offset, int count)
        {
            writer.WriteStartArray();
            int part = depth == tensor.Shape.Count - 1 ? 1 : count / Math.Max(1, tensor.Shape[depth]);
            for (int i = 0; i < tensor.Shape[depth]; i++)
            {
                if (depth == tensor.Shape.Count - 1)
                {
                    WriteNumber(writer, tensor.At(offset++));
                }
                else
                {
                    offset = WriteLevel(writer, tensor, depth + 1, offset, part);
                }
            }

            writer.WriteEndArray();
            return offset;
        }
    }
}
