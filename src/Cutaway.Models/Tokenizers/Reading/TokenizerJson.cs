using System.Buffers;
using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>
/// A <c>tokenizer.json</c> taken apart: the vocabulary and the merges, which are long, are read straight from the bytes; the rest is a small object.
/// </summary>
internal sealed class TokenizerJson
{
    private const long LongestFile = 256 << 20;
    private const int Deepest = 32;

    private readonly string source;

    private TokenizerJson(string source) => this.source = source;

    private delegate void PropertyReader(string name, ref Utf8JsonReader reader);

    /// <summary>Tokens and ids in the order of the file, or null where it has no <c>model.vocab</c> of that form.</summary>
    public List<(string Token, int Id)>? Vocabulary { get; private set; }

    /// <summary>The scores of a unigram vocabulary, by id, or null where it has none.</summary>
    public List<double>? Scores { get; private set; }

    /// <summary>The merges in order, or null.</summary>
    public List<(string Left, string Right)>? Merges { get; private set; }

    /// <summary>All but the vocabulary and the merges.</summary>
    public ConfigReader Rest { get; private set; } = null!;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CutawayException">It cannot be read, or is no tokenizer.</exception>
    public static TokenizerJson Open(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= LongestFile
                ? Parse(File.ReadAllBytes(path), path)
                : throw CutawayException.Model($"{path} has {length} bytes; a tokenizer of at most {LongestFile} was expected");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads JSON text.</summary>
    /// <exception cref="CutawayException">It is no JSON object.</exception>
    public static TokenizerJson Parse(ReadOnlySpan<byte> json, string source)
    {
        TokenizerJson file = new(source);
        ArrayBufferWriter<byte> rest = new();
        try
        {
            using Utf8JsonWriter writer = new(rest);
            Utf8JsonReader reader = new(json.StartsWith("\uFEFF"u8) ? json[3..] : json, new JsonReaderOptions { MaxDepth = Deepest });
            reader.Read();
            file.CopyObject(ref reader, writer, "the whole", (string name, ref Utf8JsonReader value) =>
            {
                if (name == "model" && value.TokenType == JsonTokenType.StartObject)
                {
                    writer.WritePropertyName(name);
                    file.CopyObject(ref value, writer, "'model'", (string name, ref Utf8JsonReader value) => file.ReadModel(name, ref value, writer));
                }
                else
                {
                    Copy(name, ref value, writer);
                }
            });
            reader.Read();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Broken escapes and text that is not UTF-8 are InvalidOperationExceptions.
            throw CutawayException.Model($"{source} is not valid JSON: {fault.Message}", fault);
        }

        file.Rest = ConfigReader.Parse(rest.WrittenMemory, source);
        return file;
    }

    private void ReadModel(string name, ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        if (name == "vocab")
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                ReadScores(ref reader);
                return;
            }

            List<(string, int)> vocabulary = [];
            ReadObject(ref reader, "'model.vocab'", (string token, ref Utf8JsonReader id) => vocabulary.Add(
                id.TokenType == JsonTokenType.Number && id.TryGetInt32(out int number)
                    ? (token, number)
                    : throw CutawayException.Model($"'model.vocab' in {source} gives the token {Quote.Name(token)} no id; a whole number was expected")));
            Vocabulary = vocabulary;
        }
        else if (name == "merges" && reader.TokenType == JsonTokenType.StartArray)
        {
            Merges = [];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Merges.Add(ReadMerge(ref reader) ?? throw CutawayException.Model(
                    $"merge {Merges.Count} of 'model.merges' in {source} is not two tokens; \"a b\" or [\"a\", \"b\"] was expected"));
            }
        }
        else
        {
            Copy(name, ref reader, writer);
        }
    }

    /// <summary>Unigram's vocabulary is a list of tokens and scores; their place is their id.</summary>
    private void ReadScores(ref Utf8JsonReader reader)
    {
        Vocabulary = [];
        Scores = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            string? token = reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            bool complete = token is not null && reader.Read() && reader.TokenType == JsonTokenType.Number;
            Scores.Add(complete ? reader.GetDouble() : 0);
            if (!complete || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            {
                throw CutawayException.Model($"entry {Vocabulary.Count} of 'model.vocab' in {source} is no token with a score; [\"token\", -1.5] was expected");
            }

            Vocabulary.Add((token!, Vocabulary.Count));
        }
    }

    private static (string Left, string Right)? ReadMerge(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            string merge = reader.GetString()!;
            return Gap(merge) is { } space ? (merge[..space], merge[(space + 1)..]) : null;
        }

        List<string> pair = new(2);
        bool isList = reader.TokenType == JsonTokenType.StartArray;
        while (isList && reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            pair.Add(reader.GetString()!);
        }

        return reader.TokenType == JsonTokenType.EndArray && pair is [string left, string right] ? (left, right) : null;
    }

    /// <summary>Where the one space is that divides the two tokens of a merge, or null.</summary>
    internal static int? Gap(string merge) =>
        merge.IndexOf(' ', StringComparison.Ordinal) is int space and > 0 && space == merge.LastIndexOf(' ') && space + 1 < merge.Length ? space : null;

    private void CopyObject(ref Utf8JsonReader reader, Utf8JsonWriter writer, string what, PropertyReader read)
    {
        writer.WriteStartObject();
        ReadObject(ref reader, what, read);
        writer.WriteEndObject();
        writer.Flush();
    }

    private void ReadObject(ref Utf8JsonReader reader, string what, PropertyReader read)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw CutawayException.Model($"{what} of {source} is a JSON {reader.TokenType}; an object was expected");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            read(name, ref reader);
        }
    }

    private static void Copy(string name, ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        writer.WritePropertyName(name);
        JsonElement.ParseValue(ref reader).WriteTo(writer);
    }
}
