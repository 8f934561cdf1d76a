using System.Text.Encodings.Web;
using System.Text.Json;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Models.Tokenizers;
using Cutaway.Models.Tokenizers.Chat;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway tokenize</c>: how a model cuts a text into tokens.</summary>
internal static class TokenizeCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("tokenize", AllCommands.Instrument, "Show how a model cuts a text into tokens",
        [
            SharedParameters.NamedModel,
            new Parameter("text", "TEXT", "The text") { IsArgument = true, Unless = "messages" },
            new Parameter("no-special", "", "Leave out the tokens that a model expects around a text"),
            new Parameter("chat", "", "Take the text as a user's message: put it into the model's chat template"),
            new Parameter("messages", "FILE.json", "A conversation instead of a text, for the model's chat template: [{\"role\": \"user\", \"content\": \"...\"}], or an object with messages, tools and documents"),
        ], Run)
        {
            Shared =
            [
                SharedParameters.Model, SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples = ["tokenize \"When Mary and John went to the store\"", "tokenize path/to/model.gguf \"Hello there\" --json", "tokenize path/to/model.gguf \"Hello there\" --chat", "tokenize path/to/model --messages chat.json"],
            Notes = ["Offsets count UTF-16 units of the text from 0. The ids go into cutaway run --ids."],
        };

    private static void Run(Invocation call)
    {
        LanguageModel model = SharedParameters.Load(call);
        IReadOnlyList<Token> tokens = call.Text("messages") is { } file
            ? Chat(model, Conversation.Parse(Read(file), file), call)
            : call.Text("text") is not { } text
                ? throw CutawayException.Usage("there is nothing to tokenize: give a text, or --messages FILE.json")
                : call.Has("chat") ? Chat(model, new Conversation([new ChatMessage("user", text)], new ChatOptions()), call)
                : model.Tokenizer.Encode(text, addSpecialTokens: !call.Has("no-special"));
        Results.Write(call, stream => WriteJson(stream, model, tokens), (writer, style) =>
        {
            ConsoleReport.Write(writer, Table(model, tokens), style);
            writer.WriteLine("ids: " + string.Join(',', tokens.Select(token => token.Id)));
        });
    }

    private static IReadOnlyList<Token> Chat(LanguageModel model, Conversation conversation, Invocation call) => call.Has("messages") && call.Has("text")
        ? throw CutawayException.Usage("a text and --messages both say what to tokenize; give one")
        : model.Tokenizer.Encode(model.ChatText(conversation), addSpecialTokens: false);

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static TableView Table(LanguageModel model, IReadOnlyList<Token> tokens) => new(
        $"{tokens.Count} tokens of {model.Name}", ["position", "id", "token", "start", "end"],
        [.. tokens.Select((token, i) => (object[])[i, token.Id, model.Tokenizer.TokenText(token.Id), token.Start, token.End])]);

    private static void WriteJson(Stream stream, LanguageModel model, IReadOnlyList<Token> tokens)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartArray();
        for (int i = 0; i < tokens.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("position", i);
            json.WriteNumber("id", tokens[i].Id);
            json.WriteString("token", model.Tokenizer.TokenText(tokens[i].Id));
            json.WriteNumber("start", tokens[i].Start);
            json.WriteNumber("end", tokens[i].End);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
