namespace Cutaway.Models.Network;

/// <summary>Rewritings of the weights that leave the log-probabilities as they are and make single parts easier to read.</summary>
[Flags]
public enum ProcessingSteps
{
    /// <summary>Raw weights.</summary>
    None = 0,

    /// <summary><c>fold_ln</c>: each norm's weight and bias move into the matrices that read through it.</summary>
    FoldNorms = 1,

    /// <summary><c>center_writing_weights</c>: what writes to the residual stream loses its mean over d_model, which LayerNorm would remove.</summary>
    CenterWritingWeights = 2,

    /// <summary><c>center_unembed</c>: the unembedding loses its mean over the vocabulary, which the softmax would remove.</summary>
    CenterUnembed = 4,

    /// <summary><c>fold_value_biases</c>: value biases move into the output bias, since a pattern's rows sum to one.</summary>
    FoldValueBiases = 8,

    /// <summary><c>refactor_factored_attn_matrices</c>: each head is written in the basis of its singular vectors, largest first. Not among the defaults.</summary>
    RefactorAttention = 16,

    /// <summary>The steps that TransformerLens takes unless told otherwise.</summary>
    Defaults = FoldNorms | CenterWritingWeights | CenterUnembed | FoldValueBiases,
}
