namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>What is wrong with a template or its values; <see cref="ChatTemplate"/> adds the line.</summary>
internal sealed class TemplateFaultException(string message, int? line = null) : Exception(message)
{
    /// <summary>The line, where it is known to whoever threw.</summary>
    public int? Line { get; } = line;
}
