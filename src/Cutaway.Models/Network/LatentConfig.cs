namespace Cutaway.Models.Network;

/// <summary>
/// Latent attention (DeepSeek-AI 2024, section 2.1): keys and values of all heads are read from one short vector of a position,
/// and the rotated part of a key is the same in all heads.
/// </summary>
/// <param name="Width">Of the vector that keys and values are read from.</param>
/// <param name="QueryWidth">Of the vector that queries are read from, or 0 where these read the stream.</param>
/// <param name="Rotated">Elements of a key that all heads share: the last ones, and the only ones that are rotated.</param>
public sealed record LatentConfig(int Width, int QueryWidth, int Rotated)
{
    /// <summary>The epsilon of the norms of latents, which the configuration does not give.</summary>
    public double NormEpsilon { get; init; } = 1e-6;
}
