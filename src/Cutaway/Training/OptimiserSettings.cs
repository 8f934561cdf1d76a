using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>Optimisers.</summary>
public enum OptimiserKind
{
    /// <summary>Adam with decay of the weights apart from the gradient (Loshchilov and Hutter 2019, algorithm 2).</summary>
    AdamW,

    /// <summary>Adam (Kingma and Ba 2015, algorithm 1); decay, if any, is part of the gradient.</summary>
    Adam,

    /// <summary>Gradient descent with momentum; decay, if any, is part of the gradient.</summary>
    Sgd,
}

/// <summary>How gradients become changes of the weights.</summary>
public sealed record OptimiserSettings
{
    /// <summary>Which optimiser.</summary>
    public OptimiserKind Kind { get; init; } = OptimiserKind.AdamW;

    /// <summary>The learning rate at its highest.</summary>
    [Range(0.0, 1e3)]
    public double Rate { get; init; } = 1e-3;

    /// <summary>Memory of the mean gradient (Adam).</summary>
    [Range(0.0, 1.0)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Memory of the mean squared gradient (Adam).</summary>
    [Range(0.0, 1.0)]
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the mean squared gradient (Adam).</summary>
    [Range(0.0, 1.0)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Memory of earlier gradients (Sgd).</summary>
    [Range(0.0, 1.0)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>How strongly weights are drawn to zero.</summary>
    [Range(0.0, 1e3)]
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Whether norms, biases and embeddings are drawn to zero too.</summary>
    public bool DecayAll { get; init; }
}
