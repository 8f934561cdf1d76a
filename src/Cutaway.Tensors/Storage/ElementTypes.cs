namespace Cutaway.Tensors.Storage;

/// <summary>Sizes of <see cref="ElementType"/>s. Block sizes are those of the GGUF format (ggml's type traits).</summary>
public static class ElementTypes
{
    /// <summary>How many values one block holds (1 for plain types).</summary>
    public static int ValuesPerBlock(this ElementType type) => type switch
    {
        ElementType.Q4_0 or ElementType.Q4_1 or ElementType.Q5_0 or ElementType.Q5_1 or ElementType.Q8_0
            or ElementType.IQ4_NL or ElementType.MXFP4 => 32,
        ElementType.NVFP4 => 64,
        >= ElementType.Q2_K and <= ElementType.TQ2_0 => 256,
        _ => 1,
    };

    /// <summary>How many bytes one block takes.</summary>
    public static int BytesPerBlock(this ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
        ElementType.Float8E4M3 or ElementType.Float8E5M2 or ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 1,
        ElementType.Q4_0 or ElementType.IQ4_NL => 18,
        ElementType.Q4_1 => 20,
        ElementType.Q5_0 => 22,
        ElementType.Q5_1 => 24,
        ElementType.Q8_0 => 34,
        ElementType.Q2_K => 84,
        ElementType.Q3_K => 110,
        ElementType.Q4_K => 144,
        ElementType.Q5_K => 176,
        ElementType.Q6_K => 210,
        ElementType.IQ2_XXS => 66,
        ElementType.IQ2_XS => 74,
        ElementType.IQ2_S => 82,
        ElementType.IQ3_XXS => 98,
        ElementType.IQ3_S => 110,
        ElementType.IQ1_S => 50,
        ElementType.IQ1_M => 56,
        ElementType.IQ4_XS => 136,
        ElementType.TQ1_0 => 54,
        ElementType.TQ2_0 => 66,
        ElementType.MXFP4 => 17,
        ElementType.NVFP4 => 36,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type"),
    };

    /// <summary>How many bytes a row of values takes.</summary>
    /// <exception cref="CutawayException">The count is not a whole number of blocks.</exception>
    public static long BytesFor(this ElementType type, long values)
    {
        int block = type.ValuesPerBlock();
        return values % block == 0
            ? checked(values / block * type.BytesPerBlock())
            : throw CutawayException.Model($"a row of {values} values is not a whole number of {type} blocks of {block}");
    }

    /// <summary>Whether values of the type are numbers that a weight can be stored in (floats and GGUF blocks).</summary>
    public static bool IsWeight(this ElementType type) => type is <= ElementType.Float8E5M2 or >= ElementType.Q4_0;
}
