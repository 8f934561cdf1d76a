namespace Cutaway.Models.Network;

/// <summary>How queries and keys are rotated: a frequency a pair, and a factor on cosine and sine.</summary>
/// <remarks>
/// Architectures work out the frequencies once from the configuration (base, scaling), so that the forward pass needs no
/// knowledge of scaling kinds. Only dynamic scaling depends on the length of the sequence.
/// </remarks>
public sealed record RotaryConfig
{
    /// <summary>Angle per position of each pair, [rotated dimensions / 2].</summary>
    public required IReadOnlyList<double> Frequencies { get; init; }

    /// <summary>The first element of a head that is rotated: those before it are not (latent attention).</summary>
    public int First { get; init; }

    /// <summary>Factor on cosines and sines (yarn's attention factor); 1 elsewhere.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Whether pairs are (2i, 2i + 1), as in GPT-J, rather than (i, i + D/2).</summary>
    public bool Interleaved { get; init; }

    /// <summary>The frequencies for a sequence of a given length, where they depend on it (dynamic NTK); else null.</summary>
    public Func<int, IReadOnlyList<double>>? FrequenciesForLength { get; init; }
}
