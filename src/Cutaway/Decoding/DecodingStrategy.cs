namespace Cutaway.Decoding;

/// <summary>How a text is looked for, other than token by token from the model's own distribution.</summary>
public abstract record DecodingStrategy
{
    /// <summary>Checks the numbers.</summary>
    /// <param name="model">The model that will generate.</param>
    /// <exception cref="CutawayException">A number is out of its range.</exception>
    internal abstract void Validate(LanguageModel model);
}
