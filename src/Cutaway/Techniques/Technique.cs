using Cutaway.Findings;

namespace Cutaway.Techniques;

/// <summary>The part of the curriculum that a technique belongs to.</summary>
public enum Section
{
    /// <summary>Transformer internals.</summary>
    Internals,

    /// <summary>Representation and reading.</summary>
    Reading,

    /// <summary>Causal interventions.</summary>
    Causes,

    /// <summary>Circuits.</summary>
    Circuits,

    /// <summary>Features.</summary>
    Features,

    /// <summary>Hidden-state decoding.</summary>
    Decoding,

    /// <summary>Safety.</summary>
    Safety,

    /// <summary>The tools of the field.</summary>
    Tools,
}

/// <summary>Marks a request record as a technique: command line, web, API and textbook surfaces are generated from it.</summary>
/// <param name="name">Its kebab-case name, such as <c>logit-lens</c>: the command.</param>
/// <param name="section">Where it belongs.</param>
/// <param name="summary">One sentence for <c>--help</c>.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class TechniqueAttribute(string name, Section section, string summary) : Attribute
{
    /// <summary>The command's name.</summary>
    public string Name { get; } = name;

    /// <summary>Where it belongs.</summary>
    public Section Section { get; } = section;

    /// <summary>One sentence for help.</summary>
    public string Summary { get; } = summary;

    /// <summary>The curriculum's topic id, such as <c>logit-lens-and-tuned-lens</c>.</summary>
    public string Topic { get; init; } = "";

    /// <summary>Example command lines without the leading <c>cutaway</c>, one a line.</summary>
    public string Examples { get; init; } = "";
}

/// <summary>What a property of a request is, for help and forms.</summary>
/// <param name="text">A few words.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HelpAttribute(string text) : Attribute
{
    /// <summary>A few words.</summary>
    public string Text { get; } = text;

    /// <summary>Whether the property is a positional argument of the command (at most one a technique).</summary>
    public bool Argument { get; init; }
}

/// <summary>A technique: a request record that runs on a model.</summary>
/// <typeparam name="TFinding">What it finds.</typeparam>
public interface ITechnique<out TFinding>
    where TFinding : Finding
{
    /// <summary>Runs the technique.</summary>
    /// <param name="model">The model to look into; it is not changed.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    TFinding Run(LanguageModel model, Progress progress = default);
}
