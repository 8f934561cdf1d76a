namespace Cutaway.Tensors.Autograd;

/// <summary>The weights that a step of attention reads, as the network holds them, whose gradients it takes.</summary>
/// <param name="Sinks">[heads], or null.</param>
/// <param name="Bias">Biases on scores by bucket of the distance, [buckets, heads], or null.</param>
/// <param name="Buckets">The bucket of each distance, [key - query + length - 1].</param>
internal readonly record struct ScoreParameters(object? Sinks, object? Bias, int[]? Buckets);
