using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Sentences;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway embed</c>: one vector for each text, and how alike texts are.</summary>
internal static class EmbedCommand
{
    private const int ColumnsOfSimilarity = 12;
    private const int ValuesShown = 4;
    private const int TextShown = 48;

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("embed", AllCommands.Instrument, "Make one vector of each text, and show how alike texts are",
        [
            SharedParameters.NamedModel with { Required = true },
            new Parameter("text", "TEXT", "The texts") { IsArgument = true, IsRepeatable = true },
            new Parameter("file", "FILE", "A file with a text on each line; empty lines do not count"),
            new Parameter("similarity", "", "Show the cosine of every two vectors"),
        ], Run)
        {
            Shared =
            [
                SharedParameters.DType, SharedParameters.Threads, SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Quiet,
                SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples =
            [
                "embed path/to/all-minilm-l6-v2 \"A man plays a guitar\" \"Someone strums on stage\" \"Shares fell\" --similarity",
                "embed path/to/all-minilm-l6-v2 --file texts.txt --json=vectors.json",
            ],
            Notes = ["Pooling, normalisation and the longest text are those of modules.json beside the weights; where there is none, the mean of the last states."],
        };

    private static void Run(Invocation call)
    {
        Results.Probe(call, SharedParameters.Json);
        string[] texts = [.. call.Texts("text"), .. call.Text("file") is { } file ? Lines(file) : []];
        if (texts.Length == 0)
        {
            throw CutawayException.Usage("there is no text to embed: give TEXT after the model, or --file FILE with a text on each line");
        }

        LanguageModel model = SharedParameters.Load(call);
        SentenceEmbeddings embeddings = ProgressLine.During(call, progress => model.Embed(texts, progress: progress));
        IReadOnlyList<IReadOnlyList<double>>? similarities = call.Has("similarity") ? embeddings.Similarities() : null;
        Results.Write(call, stream => WriteJson(stream, model, texts, embeddings, similarities), (writer, style) =>
        {
            if (similarities is null)
            {
                ConsoleReport.Write(writer, Vectors(model, texts, embeddings), style);
            }
            else
            {
                ConsoleReport.Write(writer, texts.Length <= ColumnsOfSimilarity ? Similarity(model, texts, similarities) : Nearest(model, texts, similarities), style);
            }
        });
    }

    private static string[] Lines(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Where(line => !string.IsNullOrWhiteSpace(line))];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} cannot be read: {fault.Message}", fault);
        }
    }

    private static TableView Vectors(LanguageModel model, string[] texts, SentenceEmbeddings embeddings)
    {
        int width = embeddings.Vectors.Shape[1];
        double[][] rows = [.. embeddings.Vectors.ToDoubles().Chunk(width)];
        return new TableView($"{texts.Length} vectors of {width} numbers from {model.Name} (--json for all of them)", ["", "text", "tokens", "length", $"first {ValuesShown}"],
        [
            .. texts.Select((text, i) => (object[])
            [
                i + 1, Short(text), embeddings.Tokens[i], Math.Sqrt(rows[i].Sum(value => value * value)),
                string.Join(' ', rows[i].Take(ValuesShown).Select(value => value.ToString("F4", CultureInfo.InvariantCulture))),
            ]),
        ]);
    }

    private static TableView Similarity(LanguageModel model, string[] texts, IReadOnlyList<IReadOnlyList<double>> similarities) => new(
        $"Cosine similarity, {model.Name}", ["", "text", .. Enumerable.Range(1, texts.Length).Select(i => $"{i}")],
        [.. texts.Select((text, i) => (object[])[i + 1, Short(text), .. similarities[i].Select(value => (object)value.ToString("F2", CultureInfo.InvariantCulture))])]);

    private static TableView Nearest(LanguageModel model, string[] texts, IReadOnlyList<IReadOnlyList<double>> similarities) => new(
        $"The text most like each, {model.Name}", ["", "text", "cosine", "is most like"],
        [
            .. texts.Select((text, i) =>
            {
                int nearest = Enumerable.Range(0, texts.Length).Where(j => j != i).MaxBy(j => similarities[i][j]);
                return (object[])[i + 1, Short(text), similarities[i][nearest].ToString("F2", CultureInfo.InvariantCulture), Short(texts[nearest])];
            }),
        ]);

    private static string Short(string text) => text.Length <= TextShown ? text : text[..(TextShown - 1)] + "…";

    private static void WriteJson(
        Stream stream, LanguageModel model, string[] texts, SentenceEmbeddings embeddings, IReadOnlyList<IReadOnlyList<double>>? similarities)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        double[][] rows = [.. embeddings.Vectors.ToDoubles().Chunk(embeddings.Vectors.Shape[1])];
        json.WriteStartObject();
        json.WriteString("model", model.Name);
        json.WriteString("pooling", KebabCase.Of($"{model.SentenceSettings.Pooling}"));
        json.WriteBoolean("normalized", model.SentenceSettings.Normalized);
        json.WriteStartArray("texts");
        for (int i = 0; i < texts.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("text", texts[i]);
            json.WriteNumber("tokens", embeddings.Tokens[i]);
            WriteNumbers("vector", rows[i], model.DType);
            if (similarities is not null)
            {
                WriteNumbers("similarities", similarities[i], Tensors.DType.Float64);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();

        void WriteNumbers(string name, IReadOnlyList<double> values, Tensors.DType dtype)
        {
            json.WriteStartArray(name);
            foreach (double value in values)
            {
                if (dtype == Tensors.DType.Float32)
                {
                    json.WriteNumberValue((float)value);
                }
                else
                {
                    json.WriteNumberValue(value);
                }
            }

            json.WriteEndArray();
        }
    }
}
