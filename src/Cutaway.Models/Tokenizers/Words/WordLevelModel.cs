using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>Each word is a token, or the unknown one.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, int? unknown, string source) : ITokenModel
{
    /// <inheritdoc/>
    public void Encode(AlignedText word, List<Token> tokens)
    {
        int id = vocabulary.TryFind(word.Span, out int known)
            ? known
            : unknown ?? throw CutawayException.Input($"the word {Quote.Name(word.Span.ToString())} is not in the vocabulary of {source}, which has no token for unknown words");
        (int start, int end) = word.Origin(0, word.Length);
        tokens.Add(new Token(id, start, end));
    }
}
