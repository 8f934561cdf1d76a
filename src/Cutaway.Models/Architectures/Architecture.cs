using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>One family of models: how its configuration and its tensors are read.</summary>
/// <param name="Name">The class that <c>architectures</c> names in config.json.</param>
/// <param name="ModelType">What <c>model_type</c> says there.</param>
/// <param name="Configure">Reads the shape and arithmetic.</param>
/// <param name="Map">Finds the weights; called with what <paramref name="Configure"/> returned.</param>
internal sealed record Architecture(
    string Name,
    string ModelType,
    Func<ConfigReader, NetworkConfig> Configure,
    Func<ConfigReader, NetworkConfig, WeightReader, NetworkWeights> Map);
