using Cutaway.Models.Tokenizers;
using Cutaway.Organisms.Fable;

namespace Cutaway.Data;

/// <summary>Writes a row of training text as tokens: a function of the row's number alone, so that a run that is resumed reads on where it stopped.</summary>
/// <param name="row">From 0.</param>
/// <param name="ids">Receives the tokens; all are written.</param>
public delegate void TokenRows(long row, Span<int> ids);

/// <summary>Makes an endless corpus.</summary>
/// <param name="tokenizer">Turns its texts into tokens.</param>
/// <param name="mixture">How often each sort of text occurs, in relation to the others; empty for the generator's own choice.</param>
/// <param name="seed">Seed of all draws.</param>
public delegate TokenRows CorpusGenerator(ITokenizer tokenizer, IReadOnlyDictionary<string, double> mixture, ulong seed);

/// <summary>The generators of text that recipes can name.</summary>
public static class CorpusCatalogue
{
    private static readonly Dictionary<string, CorpusGenerator> Generators = new(StringComparer.Ordinal)
    {
        ["fable"] = (tokenizer, mixture, seed) => new FableCorpus(tokenizer, mixture, seed).Fill,
    };

    /// <summary>The generators' names.</summary>
    public static IEnumerable<string> Names => Generators.Keys.Order(StringComparer.Ordinal);

    /// <summary>The generator of a name.</summary>
    /// <exception cref="CutawayException">There is none; the nearest names are listed.</exception>
    public static CorpusGenerator Find(string name) => Generators.TryGetValue(name, out CorpusGenerator? generator)
        ? generator
        : throw CutawayException.Input($"there is no generator '{name}'{NearNames.Suggest(name, Names)}");
}
