namespace Cutaway.Models.Tokenizers.Steps;

/// <summary>Changes a text before it is cut.</summary>
internal delegate AlignedText Normalizer(AlignedText text);

/// <summary>Cuts a text into words, which it hands on one by one, in order.</summary>
internal delegate void PreTokenizer(AlignedText text, Action<AlignedText> emit);
