namespace Cutaway.Tensors.Storage;

/// <summary>How numbers lie in a file or in memory: plain types, and the block types of GGUF.</summary>
public enum ElementType
{
#pragma warning disable CS1591 // The names are those of the formats themselves.
    Float64, Float32, Float16, BFloat16, Float8E4M3, Float8E5M2,
    Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Bool,
    Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
    Q2_K, Q3_K, Q4_K, Q5_K, Q6_K,
    IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ1_S, IQ1_M, IQ4_NL, IQ4_XS,
    TQ1_0, TQ2_0, MXFP4, NVFP4,
#pragma warning restore CS1591
}
