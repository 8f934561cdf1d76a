using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>Families that can be trained.</summary>
public enum ModelFamily
{
    /// <summary>RMS norms, rotary positions, a gated MLP, no biases (Touvron et al. 2023).</summary>
    Llama,

    /// <summary>LayerNorm, learned positions, biases (Radford et al. 2019).</summary>
    Gpt2,
}

/// <summary>The shape of a network to be trained.</summary>
public sealed record ModelShape
{
    /// <summary>The family.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    /// <summary>Blocks.</summary>
    [Range(1, 256)]
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    [Range(1, 1 << 16)]
    public required int DModel { get; init; }

    /// <summary>Query heads a layer; each is d_model / heads wide.</summary>
    [Range(1, 1 << 12)]
    public required int Heads { get; init; }

    /// <summary>Key and value heads a layer (Llama); null for as many as query heads.</summary>
    [Range(1, 1 << 12)]
    public int? KeyValueHeads { get; init; }

    /// <summary>Neurons of an MLP.</summary>
    [Range(1, 1 << 18)]
    public required int DMlp { get; init; }

    /// <summary>The longest sequence.</summary>
    [Range(1, 1 << 20)]
    public required int Context { get; init; }

    /// <summary>The MLP's nonlinearity as config.json names it; null for the family's own (silu, gelu_new).</summary>
    public string? Activation { get; init; }

    /// <summary>The epsilon inside the norms' square root.</summary>
    [Range(1e-12, 1.0)]
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>The base of the rotations (Llama).</summary>
    [Range(1.0, 1e9)]
    public double RotaryBase { get; init; } = 10000;

    /// <summary>Whether embedding and unembedding are one matrix.</summary>
    public bool Tied { get; init; } = true;
}
