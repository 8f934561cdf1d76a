using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// Cuts a text that is one word to SentencePiece before each run of marks. Where no token reaches over the cut, the best tokens on either side do not depend on the other, so that
/// they are the same; but words can be remembered, and each is short.
/// </summary>
internal static class MarkedWords
{
    /// <summary>The step, or none if a token of this vocabulary reaches over the start of a word.</summary>
    public static IEnumerable<PreTokenizer> Cuts(Vocabulary vocabulary, char mark)
    {
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary[id] is { } token && token.AsSpan().TrimStart(mark).Contains(mark))
            {
                yield break;
            }
        }

        // A mark that is no token itself might be one unknown token together with what is before it.
        if (vocabulary.TryFind([mark], out _))
        {
            yield return (text, emit) => Cut(text, mark, emit);
        }
    }

    private static void Cut(AlignedText text, char mark, Action<AlignedText> emit)
    {
        ReadOnlySpan<char> span = text.Span;
        int start = 0;
        for (int next = 0; next < span.Length; next++)
        {
            next += span[next..].IndexOf(mark) is int skipped and >= 0 ? skipped : span.Length - next;
            if (next > start && next < span.Length && span[next - 1] != mark)
            {
                emit(text.Slice(start, next - start));
                start = next;
            }
        }

        emit(text.Slice(start, span.Length - start));
    }
}
