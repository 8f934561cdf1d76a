using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>
/// Low-rank adapters (Hu et al. 2021, "LoRA", section 4.1): a map becomes W + (scale / rank) · B · A, of which only A and B are
/// trained. They are merged into the weights when the model is saved.
/// </summary>
public sealed record LowRank
{
    /// <summary>The model to adapt: a folder in Hugging Face's layout, relative to the recipe's folder.</summary>
    public required string Base { get; init; }

    /// <summary>Rows of A and columns of B.</summary>
    [Range(1, 1 << 12)]
    public int Rank { get; init; } = 8;

    /// <summary>The numerator of the factor on B · A.</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double Scale { get; init; } = 16;

    /// <summary>Which linear maps, in every block.</summary>
    public IReadOnlyList<string> Maps { get; init; } = ["attn.W_Q", "attn.W_V"];
}
