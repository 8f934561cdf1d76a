namespace Cutaway;

/// <summary>What a model is given to read: a text, or token ids.</summary>
public sealed record Prompt
{
    /// <summary>The text, or null where ids are given.</summary>
    public string? Text { get; init; }

    /// <summary>The ids, or null where a text is given.</summary>
    public IReadOnlyList<int>? Ids { get; init; }

    /// <summary>A prompt of a text.</summary>
    public static Prompt FromText(string text) => new() { Text = text };

    /// <summary>A prompt of token ids.</summary>
    public static Prompt FromIds(params int[] ids) => new() { Ids = ids };

    /// <summary>Reads a prompt from a command line: the text as it stands.</summary>
    public static Prompt Parse(string text) => FromText(text);

    /// <summary>A text is a prompt.</summary>
    public static implicit operator Prompt(string text) => FromText(text);

    /// <summary>The same as the conversion from a text.</summary>
    public static Prompt FromString(string text) => FromText(text);

    /// <summary>The prompt with every occurrence of a word replaced by another.</summary>
    /// <exception cref="CutawayException">The prompt has no text, or the word is not in it.</exception>
    public Prompt Replacing(string word, string by)
    {
        if (Text is null || !Text.Contains(word, StringComparison.Ordinal))
        {
            throw CutawayException.Input($"'{word}' is not in the prompt '{this}'");
        }

        return FromText(Text.Replace(word, by, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public override string ToString() => Text ?? string.Join(',', Ids ?? []);
}
