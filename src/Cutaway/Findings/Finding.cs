namespace Cutaway.Findings;

/// <summary>What a technique found: the numbers (in derived records), and the views that present them.</summary>
public abstract record Finding
{
    /// <summary>The finding in one sentence.</summary>
    public abstract string Headline { get; }

    /// <summary>What to look at, most important first.</summary>
    public abstract IReadOnlyList<View> Views { get; }

    /// <summary>Findings that this one is composed of, each with views of its own; empty for most.</summary>
    public virtual IReadOnlyList<Finding> Parts => [];

    /// <summary>The finding, and after it its parts, theirs, and so on: what a report shows one after the other.</summary>
    public IEnumerable<Finding> WithParts() => Parts.SelectMany(part => part.WithParts()).Prepend(this);

    /// <summary>Where the numbers come from.</summary>
    public Provenance? Provenance { get; init; }
}
