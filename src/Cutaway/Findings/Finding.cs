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

/// <summary>What is needed to get the same numbers again.</summary>
/// <param name="Technique">The technique's command name.</param>
/// <param name="Model">The model as it was named.</param>
/// <param name="ModelHash">A hash of the model's weights file or files.</param>
/// <param name="DType">The precision of the computation.</param>
/// <param name="Processing">Weight processing that was applied, in order.</param>
/// <param name="Version">The version of Cutaway.</param>
/// <param name="CSharp">The C# lines that do the same.</param>
/// <param name="CommandLine">The command that does the same.</param>
public sealed record Provenance(
    string Technique, string Model, string ModelHash, string DType, IReadOnlyList<string> Processing, string Version, string CSharp, string CommandLine)
{
    /// <summary>The seed, where chance plays a part.</summary>
    public int? Seed { get; init; }
}
