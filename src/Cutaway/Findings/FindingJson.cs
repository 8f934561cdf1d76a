using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Cutaway.Findings;

/// <summary>
/// Findings as JSON: <c>{"technique", "headline", "finding", "views", "provenance"}</c>, where <c>finding</c> holds the derived
/// record's own numbers, and composed findings have <c>parts</c> of the same form. Names are camel case; NaN and infinities become null.
/// </summary>
public static class FindingJson
{
    private static readonly Lazy<JsonSerializerOptions> Exact = new(() => Options(digits: null, indented: true));
    private static readonly Lazy<JsonSerializerOptions> Rounded = new(() => Options(digits: "G7", indented: false));

    /// <summary>Writes a finding to a stream as UTF-8.</summary>
    /// <param name="stream">Where to; stays open.</param>
    /// <param name="finding">What was found.</param>
    public static void Write(Stream stream, Finding finding)
    {
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = Exact.Value.Encoder });
        Write(writer, finding);
    }

    /// <summary>A finding as text.</summary>
    public static string ToText(Finding finding)
    {
        using MemoryStream stream = new();
        Write(stream, finding);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>A view for a page: seven digits are enough to draw, and nothing in it can end a script element.</summary>
    internal static string View(View view) => JsonSerializer.Serialize(view, Rounded.Value);

    private static void Write(Utf8JsonWriter writer, Finding finding)
    {
        writer.WriteStartObject();
        writer.WriteString("technique", finding.Provenance?.Technique);
        writer.WriteString("headline", finding.Headline);
        writer.WritePropertyName("finding");
        JsonSerializer.Serialize(writer, finding, finding.GetType(), Exact.Value);
        writer.WritePropertyName("views");
        JsonSerializer.Serialize(writer, finding.Views, Exact.Value);
        if (finding.Parts.Count > 0)
        {
            writer.WriteStartArray("parts");
            foreach (Finding part in finding.Parts)
            {
                Write(writer, part);
            }

            writer.WriteEndArray();
        }

        writer.WritePropertyName("provenance");
        JsonSerializer.Serialize(writer, finding.Provenance, Exact.Value);
        writer.WriteEndObject();
    }

    private static JsonSerializerOptions Options(string? digits, bool indented)
    {
        JsonSerializerOptions options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DictionaryKeyPolicy = null,
            WriteIndented = indented,
            // Letters of every script stay readable; <, >, & and the line separators are escaped.
            Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WithoutPresentation } },
        };
        options.Converters.Add(new NumberConverter<double>(digits));
        options.Converters.Add(new NumberConverter<float>(digits));
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
        return options;
    }

    // What Finding itself declares is written beside the numbers, not among them.
    private static void WithoutPresentation(JsonTypeInfo type)
    {
        if (!typeof(Finding).IsAssignableFrom(type.Type))
        {
            return;
        }

        for (int i = type.Properties.Count - 1; i >= 0; i--)
        {
            // Findings are only written, and a required property that is left out ([JsonIgnore]) would be refused.
            type.Properties[i].IsRequired = false;
            if (type.Properties[i].AttributeProvider is PropertyInfo { Name: nameof(Finding.Headline) or nameof(Finding.Views) or nameof(Finding.Parts) or nameof(Finding.Provenance) })
            {
                type.Properties.RemoveAt(i);
            }
        }
    }

    private sealed class NumberConverter<T>(string? digits) : JsonConverter<T>
        where T : struct, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        public override bool HandleNull => true;

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? T.NaN : T.CreateTruncating(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            if (!T.IsFinite(value))
            {
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteRawValue(value.ToString(digits, CultureInfo.InvariantCulture), skipInputValidation: true);
            }
        }
    }
}
