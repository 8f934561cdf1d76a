namespace Cutaway.Findings;

/// <summary>What a technique found: the numbers (in derived records), and the views that present them.</summary>
public abstract record Finding
{
    /// <summary>The finding in one sentence.</summary>
    public abstract string Headline { get; }

    /// <summary>What to look at, most important first.</summary>
    public abstract IReadOnlyList<View> Views { get; }

    /// <summary>Where the numbers come from.</summary>
    public Provenance? Provenance { get; init; }
}
