namespace Cutaway.Data;

/// <summary>Two prompts that differ in what is studied, and the tokens that tell them apart.</summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The prompt without the information in question; as many tokens.</param>
/// <param name="Answer">What the clean prompt is continued by, its leading space included.</param>
/// <param name="Versus">What the corrupted prompt is continued by, or the wrong choice.</param>
public sealed record PromptPair(Prompt Clean, Prompt Corrupt, string Answer, string Versus);
