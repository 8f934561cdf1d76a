using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>Turns one word into tokens.</summary>
internal interface ITokenModel
{
    /// <summary>Appends the tokens of a word that is not empty, each with where it came from.</summary>
    void Encode(AlignedText word, List<Token> tokens);
}
