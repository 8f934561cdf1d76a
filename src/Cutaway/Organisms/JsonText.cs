using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cutaway.Organisms;

/// <summary>JSON for people to read: indented, with the same line ends everywhere.</summary>
internal static class JsonText
{
    /// <summary>How it is written.</summary>
    public static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object whose content is written by <paramref name="content"/>.</summary>
    public static string Write(Action<Utf8JsonWriter> content)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
