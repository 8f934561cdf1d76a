namespace Cutaway.Data;

/// <summary>Two prompts that differ in what is studied, and the tokens that tell them apart.</summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The prompt without the information in question; as many tokens.</param>
/// <param name="Answer">What the clean prompt is continued by, its leading space included.</param>
/// <param name="Versus">What the corrupted prompt is continued by, or the wrong choice.</param>
public sealed record PromptPair(Prompt Clean, Prompt Corrupt, string Answer, string Versus)
{
    internal const string DefaultClean = "When Mary and John went to the store, John gave a drink to";

    /// <summary>A sentence with an indirect object that most models complete (Wang et al. 2022); corrupted, the other person gives.</summary>
    public static PromptPair Default { get; } = new(DefaultClean, "When Mary and John went to the store, Mary gave a drink to", " Mary", " John");

    /// <summary>The last two digits of the year that every right answer exceeds (greater-than), or null elsewhere.</summary>
    public int? Year { get; init; }

    /// <summary>Where the pair was read, such as <c>line 7 of pairs.csv</c>, for messages; empty where it was made.</summary>
    public string Origin { get; init; } = "";
}
