using System.Text;

namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>What becomes of a match that a text is cut by.</summary>
internal enum SplitBehavior
{
    /// <summary>It is left out.</summary>
    Removed,

    /// <summary>It is a word of its own.</summary>
    Isolated,

    /// <summary>It ends the word before it.</summary>
    MergedWithPrevious,

    /// <summary>It begins the word after it.</summary>
    MergedWithNext,

    /// <summary>It is a word together with the matches that follow at once.</summary>
    Contiguous,
}

/// <summary>The steps that cut a text into words.</summary>
internal static class PreTokenizers
{
    /// <summary>The whole text is one word.</summary>
    public static PreTokenizer Whole { get; } = static (text, emit) => emit(text);

    /// <summary>White space ends words and is dropped.</summary>
    public static PreTokenizer WhitespaceSplit { get; } = Split(TextPatterns.CodePoint(Rune.IsWhiteSpace), SplitBehavior.Removed);

    /// <summary>Digits are cut off, together or one by one.</summary>
    public static PreTokenizer Digits(bool individually) =>
        Split(TextPatterns.CodePoint(Rune.IsNumber), individually ? SplitBehavior.Isolated : SplitBehavior.Contiguous);

    /// <summary>Punctuation is cut off: ASCII's, and that of Unicode's categories P.</summary>
    public static PreTokenizer Punctuation(SplitBehavior behavior) =>
        Split(TextPatterns.CodePoint(static rune => Rune.IsPunctuation(rune) || (rune.IsAscii && Rune.IsSymbol(rune))), behavior);

    /// <summary>BERT's words: white space ends them, and each punctuation mark is one.</summary>
    public static IReadOnlyList<PreTokenizer> Bert { get; } = [WhitespaceSplit, Punctuation(SplitBehavior.Isolated)];

    /// <summary>A space in front of a text that does not begin with one.</summary>
    public static PreTokenizer PrefixSpace { get; } = static (text, emit) => emit(text.Span.StartsWith(' ') ? text : Normalizers.Prepend(text, " "));

    /// <summary>The byte alphabet.</summary>
    public static PreTokenizer Bytes { get; } = static (text, emit) => emit(ByteLevel.Encode(text));

    /// <summary>SentencePiece's spaces, written as <paramref name="mark"/>; a mark in front by <paramref name="prepend"/>; words begin with the mark if <paramref name="split"/>.</summary>
    public static PreTokenizer Metaspace(string mark, PrependScheme prepend, bool split)
    {
        TextPattern marks = TextPatterns.Literal(mark);
        TextPattern spaces = TextPatterns.Literal(" ");
        PreTokenizer words = split ? Split(marks, SplitBehavior.MergedWithNext) : Whole;
        return (text, emit) =>
        {
            AlignedText marked = Normalizers.Replace(text, spaces, mark);
            bool wanted = prepend == PrependScheme.Always || (prepend == PrependScheme.First && text.Length > 0 && text.Origin(0, 1).Start == 0);
            words(wanted && !marked.Span.StartsWith(mark) ? Normalizers.Prepend(marked, mark) : marked, emit);
        };
    }

    /// <summary>One after another, each over the words of the one before.</summary>
    public static PreTokenizer Sequence(IEnumerable<PreTokenizer> steps)
    {
        PreTokenizer all = Whole;
        foreach (PreTokenizer step in steps.Reverse())
        {
            PreTokenizer rest = all;
            all = rest == Whole ? step : (text, emit) => step(text, word => rest(word, emit));
        }

        return all;
    }

    /// <summary>Cuts by a pattern; <paramref name="invert"/> takes what lies between its matches for matches.</summary>
    public static PreTokenizer Split(TextPattern pattern, SplitBehavior behavior, bool invert = false) => (text, emit) =>
    {
        Joiner joiner = new(text, behavior, emit);
        int last = 0;
        pattern(text, (start, end) =>
        {
            joiner.Add(last, start, invert);
            joiner.Add(start, end, !invert);
            last = end;
        });
        joiner.Add(last, text.Length, invert);
        joiner.Flush();
    };

    /// <summary>Joins matches to what is around them; it holds back the last part, which the next may still join.</summary>
    private sealed class Joiner(AlignedText text, SplitBehavior behavior, Action<AlignedText> emit)
    {
        private int heldStart;
        private int heldEnd;
        private bool heldMatch;

        public void Add(int start, int end, bool match)
        {
            if (start == end || (match && behavior == SplitBehavior.Removed))
            {
                return;
            }

            bool joins = heldStart < heldEnd && behavior switch
            {
                SplitBehavior.MergedWithPrevious => match && !heldMatch,
                SplitBehavior.MergedWithNext => heldMatch && !match,
                SplitBehavior.Contiguous => heldMatch == match,
                _ => false,
            };
            if (!joins)
            {
                Flush();
                heldStart = start;
            }

            heldEnd = end;
            heldMatch = match;
        }

        public void Flush()
        {
            if (heldStart < heldEnd)
            {
                emit(text.Slice(heldStart, heldEnd - heldStart));
            }

            heldStart = heldEnd;
        }
    }
}

/// <summary>Where a mark for a space is put in front.</summary>
internal enum PrependScheme
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the start of the text.</summary>
    First,

    /// <summary>Also after each added token.</summary>
    Always,
}
