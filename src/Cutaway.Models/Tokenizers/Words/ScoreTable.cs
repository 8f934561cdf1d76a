namespace Cutaway.Models.Tokenizers.Words;

/// <summary>
/// The rules of SentencePiece's byte-pair encoding (Kudo and Richardson 2018, "SentencePiece"): any two neighbours merge whose text is a token, the highest score first.
/// </summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="scores">The score of each.</param>
internal sealed class ScoreTable(Vocabulary vocabulary, float[] scores) : IMergeRules
{
    /// <inheritdoc/>
    public bool TryFind(int left, int right, ReadOnlySpan<char> joined, out int rank, out int merged)
    {
        bool found = vocabulary.TryFind(joined, out merged);
        rank = found ? Ascending(-scores[merged]) : 0;
        return found;
    }

    /// <summary>An integer that orders as the number does: the bits of a negative number count downwards.</summary>
    private static int Ascending(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value + 0f);
        return bits >= 0 ? bits : bits ^ int.MaxValue;
    }
}
