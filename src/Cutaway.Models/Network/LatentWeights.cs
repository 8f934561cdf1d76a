namespace Cutaway.Models.Network;

/// <summary>What latent attention reads the stream by, in the place of queries, keys and values.</summary>
/// <param name="KeyValue">The vector that keys and values are read from.</param>
/// <param name="RotatedKey">The part of keys that all heads share, [rotated, d_model].</param>
/// <param name="Query">The vector that queries are read from, or null where these read the stream.</param>
public sealed record LatentWeights(CompressionWeights KeyValue, LinearWeights RotatedKey, CompressionWeights? Query);

/// <summary>A short vector of a position.</summary>
/// <param name="Down">[width, d_model].</param>
/// <param name="Norm">[width].</param>
public sealed record CompressionWeights(LinearWeights Down, NormWeights Norm);
