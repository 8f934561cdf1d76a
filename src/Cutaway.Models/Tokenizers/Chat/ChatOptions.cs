using System.Text.Json;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>What a chat template is given besides the conversation.</summary>
public sealed record ChatOptions
{
    /// <summary>Whether the start of the assistant's next turn is written at the end.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>The token that starts a text, as it is written.</summary>
    public string? BosToken { get; init; }

    /// <summary>The token that ends a text, as it is written.</summary>
    public string? EosToken { get; init; }

    /// <summary>The functions that the model may call: a JSON list of objects, as published templates expect them.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Documents to answer from: a JSON list of objects.</summary>
    public JsonElement? Documents { get; init; }

    /// <summary>Further variables of the template, such as enable_thinking: a JSON object.</summary>
    public JsonElement? Variables { get; init; }

    /// <summary>The time that the template may print; null for the present one.</summary>
    public DateTime? Now { get; init; }
}
