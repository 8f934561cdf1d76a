using Cutaway.Data;

namespace Cutaway.Techniques.Causes;

/// <summary>Which run is changed.</summary>
public enum PatchDirection
{
    /// <summary>The corrupted prompt runs, and gets back parts of the clean run: what suffices.</summary>
    Denoising,

    /// <summary>The clean prompt runs, and loses parts: what is needed.</summary>
    Noising,
}

/// <summary>What a direction makes of prompt pairs.</summary>
internal static class PatchDirections
{
    /// <summary>The prompts that run and are changed, and those that activations are taken from.</summary>
    public static (TokenBatch Prompts, TokenBatch Others) Prompts(this PatchDirection direction, PairBatch pairs) =>
        direction == PatchDirection.Denoising ? (pairs.Corrupt, pairs.Clean) : (pairs.Clean, pairs.Corrupt);
}
