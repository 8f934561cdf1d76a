namespace Cutaway.Models.Tokenizers.Words;

/// <summary>Which two neighbouring tokens become one, and which pair goes first.</summary>
internal interface IMergeRules
{
    /// <summary>Finds the rule for a pair.</summary>
    /// <param name="left">The first token.</param>
    /// <param name="right">The second token.</param>
    /// <param name="joined">The text of both.</param>
    /// <param name="rank">Its order: lower goes first, the leftmost among equals.</param>
    /// <param name="merged">The token that they become.</param>
    bool TryFind(int left, int right, ReadOnlySpan<char> joined, out int rank, out int merged);
}
