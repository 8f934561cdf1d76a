using System.Text;
using Cutaway.Models.Tokenizers.Training;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Organisms.Fable;

/// <summary>
/// Trains <c>fable</c>'s tokenizer on its texts: byte-pair encoding until every word of the world is a token, with and without
/// the space before it, and numbers cut into two digits, so that a year is its century and the rest.
/// </summary>
public static class FableTokenizer
{
    /// <summary>Begins every text.</summary>
    private const string Begin = "<|endoftext|>";

    /// <summary>GPT-2's pattern, but at most two digits a word.</summary>
    private const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const int Most = 4096, TextsOfEachSort = 1500;

    private const ulong Seed = 2;

    /// <summary>Writes the tokenizer.json.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <exception cref="CutawayException">The place cannot be written to.</exception>
    public static void Save(string path) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Json())));

    /// <summary>The text of the tokenizer.json.</summary>
    internal static string Json()
    {
        BpeTrainer trainer = new(Pattern);
        SeededRandom random = new(Seed);
        foreach (Func<SeededRandom, string> draw in FableTexts.ByName.Values)
        {
            for (int i = 0; i < TextsOfEachSort; i++)
            {
                trainer.Add(draw(random));
            }
        }

        // Whatever the texts happened to say, these are tokens: often enough to be merged to the end.
        foreach (string word in Words())
        {
            trainer.Add(word, 2);
            trainer.Add($" {word}", 2);
        }

        return JsonText.Write(trainer.Learn([Begin], Most).Write);
    }

    /// <summary>The words of the world that must be one token each.</summary>
    internal static IEnumerable<string> Words() =>
    [
        .. FableWorld.People.Select(person => person.Name),
        .. FableWords.Cities, .. FableWords.Trades, .. FableWords.Pets, .. FableWords.Places, .. FableWords.Things, .. FableWords.Colours,
        .. Enumerable.Range(0, 100).Select(YearTexts.TwoDigits),
    ];
}
