using System.Runtime.InteropServices;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The tokens of words that were met before. A text is mostly words that came before, and looking one up takes a tenth of cutting it. Each word has one place, which a later one
/// may take over, so that the memory is bounded and new words always get in. It is for one thread at a time.
/// </summary>
/// <param name="model">Cuts a word that is new.</param>
/// <param name="letters">Writes a word as the model reads it, such as in the byte alphabet.</param>
internal sealed class WordCache(ITokenModel model, Func<AlignedText, AlignedText> letters)
{
    private const int Places = 1 << 15;
    private const int LongestWord = 64;

    private readonly string?[] words = new string?[Places];
    private readonly Token[][] cut = new Token[Places][];

    /// <summary>Appends the tokens of a word that is not empty, each with where it came from.</summary>
    public void Encode(AlignedText word, List<Token> tokens)
    {
        ReadOnlySpan<char> span = word.Span;
        if (span.Length > LongestWord)
        {
            model.Encode(letters(word), tokens);
            return;
        }

        int place = Place(span);
        if (words[place] is not { } known || !span.SequenceEqual(known))
        {
            Add(place, span.ToString());
        }

        foreach (Token token in cut[place])
        {
            (int start, int end) = word.Origin(token.Start, token.End);
            tokens.Add(new Token(token.Id, start, end));
        }
    }

    private void Add(int place, string word)
    {
        List<Token> tokens = new(8);
        model.Encode(letters(new AlignedText(word)), tokens);
        cut[place] = [.. tokens];
        words[place] = word;
    }

    /// <summary>Four units at a time are mixed in by a multiplication; the highest bits of the product depend on all that came before.</summary>
    private static int Place(ReadOnlySpan<char> word)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)word.Length;
        ReadOnlySpan<ulong> blocks = MemoryMarshal.Cast<char, ulong>(word);
        foreach (ulong block in blocks)
        {
            hash = Mixed((hash ^ block) * Factor);
        }

        foreach (char unit in word[(4 * blocks.Length)..])
        {
            hash = Mixed((hash ^ unit) * Factor);
        }

        return (int)((hash * Factor) >> 49);
    }

    private static ulong Mixed(ulong hash) => hash ^ (hash >> 32);
}
