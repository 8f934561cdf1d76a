namespace Cutaway.Tensors.Storage.Blocks;

/// <summary>Floating-point numbers of 8 bits (Micikevicius et al. 2022, "FP8 Formats for Deep Learning", section 3).</summary>
internal static class SmallFloats
{
    /// <summary>4 bits of exponent (bias 7), 3 of mantissa; no infinities, NaN where all bits but the sign are set.</summary>
    public static float E4M3(int bits)
    {
        int exponent = (bits >> 3) & 15;
        int mantissa = bits & 7;
        float magnitude = (bits & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? mantissa * 0.001953125f
            : BitConverter.Int32BitsToSingle(((exponent + 120) << 23) | (mantissa << 20));
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }

    /// <summary>5 bits of exponent, 2 of mantissa: the upper byte of a half.</summary>
    public static float E5M2(int bits) => (float)BitConverter.UInt16BitsToHalf((ushort)(bits << 8));
}
