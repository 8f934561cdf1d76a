using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>What is learned from: a generator's text, or a text file.</summary>
public sealed record CorpusChoice
{
    /// <summary>The name of a generator (see <see cref="Data.CorpusCatalogue"/>), or null.</summary>
    public string? Generator { get; init; }

    /// <summary>How often each of the generator's sorts of text occurs, in relation to the others; empty for its own choice.</summary>
    public IReadOnlyDictionary<string, double> Mixture { get; init; } = new Dictionary<string, double>();

    /// <summary>A UTF-8 text file relative to the recipe's folder, or null; an empty line ends a document.</summary>
    public string? File { get; init; }

    /// <summary>Seed of the generator, or of the order in which a file's sequences are read.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; }
}
