namespace Cutaway.Models.Tokenizers;

/// <summary>A token that is looked for in a text before anything else is done to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">How it is written.</param>
/// <param name="Special">Whether it is a sign to the model and no text; decoding may skip it.</param>
/// <param name="SingleWord">Whether it counts only where no word character stands beside it.</param>
/// <param name="StripLeft">Whether it takes in the white space before it.</param>
/// <param name="StripRight">Whether it takes in the white space after it.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text.</param>
internal sealed record AddedToken(
    int Id, string Content, bool Special, bool SingleWord = false, bool StripLeft = false, bool StripRight = false, bool Normalized = false);
