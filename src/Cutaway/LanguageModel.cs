namespace Cutaway;

/// <summary>A language model that can be opened: its network, its tokenizer and its name.</summary>
public sealed class LanguageModel
{
    private LanguageModel(string name) => Name = name;

    /// <summary>The name the model was loaded by.</summary>
    public string Name { get; }
}
