using Cutaway.Interventions;

namespace Cutaway.Planning;

/// <summary>One experiment of a sweep: the base run, with something changed.</summary>
/// <param name="Name">How to call it, such as <c>head 9.6</c>; unique within a sweep.</param>
/// <param name="Interventions">What is changed; values that replace others have the batch extent of the sweep's prompts.</param>
public sealed record Variant(string Name, params IReadOnlyList<Intervention> Interventions);
