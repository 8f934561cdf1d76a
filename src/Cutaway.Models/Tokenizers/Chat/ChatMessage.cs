using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>A turn of a conversation.</summary>
/// <param name="Role">Who speaks: "system", "user" or "assistant", or what else the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>More that a template may look at, such as tool_calls, name or reasoning_content, as a JSON object; a content in it, such as a list of parts, replaces <see cref="Content"/>.</summary>
    public JsonElement? Fields { get; init; }
}
