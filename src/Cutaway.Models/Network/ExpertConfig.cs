using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

/// <summary>A mixture of experts in the place of an MLP.</summary>
/// <param name="Count">Experts.</param>
/// <param name="Chosen">Experts that each position passes.</param>
/// <param name="Width">Neurons of an expert.</param>
/// <param name="Routing">How they are chosen and weighted.</param>
public sealed record ExpertConfig(int Count, int Chosen, int Width, ExpertRouting Routing)
{
    /// <summary>Neurons of the expert that every position passes; 0 for none.</summary>
    public int SharedWidth { get; init; }

    /// <summary>Whether what the shared expert writes is multiplied by a gate of its own (Qwen2-MoE).</summary>
    public bool SharedGate { get; init; }

    /// <summary>Whether a bias of each expert, which does not weigh it, takes part in the choice (DeepSeek-V3).</summary>
    public bool SelectionBias { get; init; }

    /// <summary>The gate is held below this, its other factor between minus this and this and then raised by one (gpt-oss); null for neither.</summary>
    public double? Limit { get; init; }
}
