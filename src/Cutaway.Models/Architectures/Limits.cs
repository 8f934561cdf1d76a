namespace Cutaway.Models.Architectures;

/// <summary>The largest extents that a configuration may ask for: above any model there is, below what arithmetic on them could not hold.</summary>
internal static class Limits
{
    /// <summary>Layers.</summary>
    public const int Layers = 4096;

    /// <summary>Widths: the residual stream, an MLP, all heads together.</summary>
    public const int Width = 1 << 20;

    /// <summary>Rows of an embedding.</summary>
    public const int Vocabulary = 1 << 24;

    /// <summary>Positions.</summary>
    public const int Context = 1 << 30;
}
