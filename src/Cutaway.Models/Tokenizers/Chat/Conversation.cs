using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>A conversation as it is stored in JSON: a list of messages, or an object with messages and, beside them, tools, documents and further variables of the template.</summary>
/// <param name="Messages">The turns, in order.</param>
/// <param name="Options">What else the template is given.</param>
public sealed record Conversation(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>Reads a conversation.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="CutawayException">It is no conversation.</exception>
    public static Conversation Parse(ReadOnlyMemory<byte> json, string source)
    {
        JsonElement root;
        try
        {
            root = JsonDocument.Parse(json).RootElement;
        }
        catch (JsonException fault)
        {
            throw CutawayException.Input($"{source} is not valid JSON: {fault.Message}", fault);
        }

        bool isObject = root.ValueKind == JsonValueKind.Object;
        JsonElement messages = isObject && root.TryGetProperty("messages", out JsonElement inner) ? inner : root;
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw CutawayException.Input($"{source} holds no list of messages; [{{\"role\": \"user\", \"content\": \"…\"}}] or an object with such a list as 'messages' was expected");
        }

        return new Conversation([.. messages.EnumerateArray().Select((message, index) => Message(message, index, source))], new ChatOptions
        {
            Tools = isObject ? Part(root, "tools", JsonValueKind.Array, source) : null,
            Documents = isObject ? Part(root, "documents", JsonValueKind.Array, source) : null,
            AddGenerationPrompt = !isObject || !root.TryGetProperty("add_generation_prompt", out JsonElement prompt) || prompt.ValueKind != JsonValueKind.False,
            Variables = isObject ? JsonSerializer.SerializeToElement(root.EnumerateObject()
                .Where(property => property.Name is not ("messages" or "tools" or "documents" or "add_generation_prompt"))
                .ToDictionary(property => property.Name, property => property.Value)) : null,
        });
    }

    private static ChatMessage Message(JsonElement message, int index, string source)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out JsonElement role) || role.ValueKind != JsonValueKind.String)
        {
            throw CutawayException.Input($"message {index} of {source} has no role; an object such as {{\"role\": \"user\", \"content\": \"…\"}} was expected");
        }

        string content = message.TryGetProperty("content", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        return new ChatMessage(role.GetString()!, content) { Fields = message };
    }

    private static JsonElement? Part(JsonElement root, string name, JsonValueKind kind, string source) =>
        !root.TryGetProperty(name, out JsonElement part) || part.ValueKind == JsonValueKind.Null ? null
        : part.ValueKind == kind ? part
        : throw CutawayException.Input($"'{name}' in {source} is a JSON {part.ValueKind.ToString().ToLowerInvariant()}; a list of objects was expected");
}
