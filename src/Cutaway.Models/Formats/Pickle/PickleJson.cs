using System.Buffers;
using System.Numerics;
using System.Text.Json;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>Writes settings from a pickle as JSON: dictionaries with text keys, lists, numbers and texts. What JSON has no place for is left out.</summary>
internal static class PickleJson
{
    private const int Deepest = 16;

    /// <summary>More values than settings have; a pickle may hold one list in itself many times over.</summary>
    private const int MostValues = 10_000;

    /// <summary>Writes a dictionary or an object's attributes.</summary>
    /// <exception cref="FormatException">There are too many values.</exception>
    public static ReadOnlyMemory<byte> Write(object settings)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            int left = MostValues;
            Write(json, null, settings, Deepest, ref left);
        }

        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, string? key, object? value, int depth, ref int left)
    {
        if (--left < 0)
        {
            throw new FormatException($"the settings beside its tensors have more than {MostValues} values");
        }

        object? plain = Plain(value);
        if (depth == 0 || (plain is null && value is not null))
        {
            return;
        }

        if (key is not null)
        {
            json.WritePropertyName(key);
        }

        switch (plain)
        {
            case PickleDictionary dictionary:
                json.WriteStartObject();
                HashSet<string> written = new(StringComparer.Ordinal);
                foreach ((object? name, object? item) in Enumerable.Reverse(dictionary.Entries))
                {
                    // As in Python, a later value takes the place of an earlier one.
                    if (name is string text && written.Add(text))
                    {
                        Write(json, text, item, depth - 1, ref left);
                    }
                }

                json.WriteEndObject();
                break;
            case IEnumerable<object?> items:
                json.WriteStartArray();
                foreach (object? item in items)
                {
                    Write(json, null, item, depth - 1, ref left);
                }

                json.WriteEndArray();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    // Null for what JSON has no place for.
    private static object? Plain(object? value) => value switch
    {
        PickleObject { State: { } state } => state,
        PickleList list => list.Items,
        PickleGlobal global => global.Name,
        double number when !double.IsFinite(number) => null,
        BigInteger or byte[] or TorchTensor or TorchStorage or NumpyArray or NumpyType => null,
        _ => value,
    };
}
