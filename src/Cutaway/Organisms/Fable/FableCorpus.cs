using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>
/// The endless text that <c>fable</c> learns from, as rows of tokens. A row is a function of the seed and its number alone, so that any
/// thread may make it and a run that is resumed reads on where it stopped. Each begins with a fresh text; texts follow one another,
/// the token that begins a text before each, and the last is cut where the row ends.
/// </summary>
internal sealed class FableCorpus
{
    // Random tokens said again and again: lengths of what is said, and of the whole where twice is not longer. What is short is said
    // often, which rewards copying from anywhere before, the first step to copying from the right place.
    private const double ShortestSegment = 2, LongestSegment = 40;
    private const int Whole = 40;

    private readonly ITokenizer tokenizer;
    private readonly int begin;
    private readonly int[] words;
    private readonly int[] any;
    private readonly ulong seed;
    private readonly (string Sort, double Weight)[] mixture;
    private readonly double total;

    /// <summary>A corpus.</summary>
    /// <param name="tokenizer">The tokenizer of <see cref="FableTokenizer"/>, or another that begins texts with a token.</param>
    /// <param name="mixture">How often a text of each sort occurs, in relation to the others, by the names of <see cref="FableTexts"/>; empty for all alike.</param>
    /// <param name="seed">Seed of all draws.</param>
    /// <exception cref="CutawayException">A sort is unknown, a weight is negative or none is positive.</exception>
    public FableCorpus(ITokenizer tokenizer, IReadOnlyDictionary<string, double> mixture, ulong seed)
    {
        this.tokenizer = tokenizer;
        this.seed = seed;
        begin = tokenizer.BeginOfText ?? throw CutawayException.Input("the corpus 'fable' needs a tokenizer with a token that begins a text; this one has none");

        any = [.. Enumerable.Range(0, tokenizer.Count).Where(id => id != begin)];
        words = [.. FableTokenizer.Words().Select(word => tokenizer.Encode($" {word}", addSpecialTokens: false)[0].Id)];

        // In the order of names, so that the order in a file means nothing.
        string[] names = [.. FableTexts.ByName.Keys, FableTexts.Repeats, FableTexts.Echoes];
        IEnumerable<(string Sort, double Weight)> parts = mixture.Count == 0 ? names.Select(name => (name, 1.0)) : mixture.Select(pair => (pair.Key, pair.Value));
        this.mixture = [.. parts.OrderBy(part => part.Sort, StringComparer.Ordinal)];
        total = this.mixture.Sum(part => part.Weight);
        foreach ((string sort, double weight) in this.mixture)
        {
            if (!names.Contains(sort))
            {
                throw CutawayException.Input($"the corpus 'fable' has no texts of the sort '{sort}'{NearNames.Suggest(sort, names)}; there are {string.Join(", ", names)}");
            }

            if (!double.IsFinite(weight) || weight < 0)
            {
                throw CutawayException.Input($"the weight of '{sort}' is {weight}; a number from 0 was expected");
            }
        }

        if (total <= 0)
        {
            throw CutawayException.Input("all weights of the corpus 'fable' are 0; give one of them more");
        }
    }

    /// <summary>Writes a row.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="ids">Receives its tokens; all are written.</param>
    public void Fill(long row, Span<int> ids)
    {
        SeededRandom random = new(new SeededRandom(seed + (ulong)row).NextBits());
        while (ids.Length > 0)
        {
            ids[0] = begin;
            ids = ids[1..];
            string sort = Draw(random);
            ids = sort switch
            {
                FableTexts.Repeats => Repeat(random, any, ids),
                FableTexts.Echoes => Repeat(random, words, ids),
                _ => Write(FableTexts.ByName[sort](random), ids),
            };
        }
    }

    private string Draw(SeededRandom random)
    {
        double left = random.NextDouble() * total;
        foreach ((string sort, double weight) in mixture)
        {
            left -= weight;
            if (left < 0)
            {
                return sort;
            }
        }

        return mixture.Last(part => part.Weight > 0).Sort;
    }

    private Span<int> Write(string text, Span<int> ids)
    {
        IReadOnlyList<Token> tokens = tokenizer.Encode(text, addSpecialTokens: false);
        int count = Math.Min(tokens.Count, ids.Length);
        for (int i = 0; i < count; i++)
        {
            ids[i] = tokens[i].Id;
        }

        return ids[count..];
    }

    /// <summary>Random tokens and the same again; the logarithm of how many is drawn evenly.</summary>
    private static Span<int> Repeat(SeededRandom random, int[] from, Span<int> ids)
    {
        int length = (int)Math.Round(ShortestSegment * Math.Pow(LongestSegment / ShortestSegment, random.NextDouble()));
        int count = Math.Min(Math.Max(2 * length, Whole), ids.Length);
        for (int i = 0; i < count; i++)
        {
            ids[i] = i < length ? random.Pick(from) : ids[i - length];
        }

        return ids[count..];
    }
}
