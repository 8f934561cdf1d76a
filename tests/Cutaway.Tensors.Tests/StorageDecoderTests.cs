namespace Cutaway.Tensors.Storage;

public sealed class StorageDecoderTests
{
    [Theory]
    [InlineData(ElementType.Float8E4M3, 7, 3, false)]
    [InlineData(ElementType.Float8E5M2, 15, 2, true)]
    public void Floats_of_8_bits_follow_their_definition(ElementType type, int bias, int mantissaBits, bool hasInfinity)
    {
        float[] values = new float[256];
        ElementDecoder.Decode<float>(type, Enumerable.Range(0, 256).Select(value => (byte)value).ToArray(), values);
        int top = 127 >> mantissaBits;
        for (int bits = 0; bits < 256; bits++)
        {
            int exponent = (bits & 127) >> mantissaBits;
            int mantissa = bits & ((1 << mantissaBits) - 1);
            double fraction = mantissa / (double)(1 << mantissaBits);
            double magnitude = exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias);
            if (hasInfinity && exponent == top)
            {
                magnitude = mantissa == 0 ? double.PositiveInfinity : double.NaN;
            }
            else if (!hasInfinity && (bits & 127) == 127)
            {
                magnitude = double.NaN;
            }

            Assert.Equal(bits < 128 ? magnitude : -magnitude, values[bits]);
        }
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    public void Every_number_of_16_bits_widens_exactly(ElementType type)
    {
        byte[] bytes = new byte[2 * 65536];
        for (int bits = 0; bits < 65536; bits++)
        {
            (bytes[2 * bits], bytes[(2 * bits) + 1]) = ((byte)bits, (byte)(bits >> 8));
        }

        double[] values = new double[65536];
        ElementDecoder.Decode<double>(type, bytes, values);
        int mantissaBits = type == ElementType.Float16 ? 10 : 7;
        int bias = type == ElementType.Float16 ? 15 : 127;
        for (int bits = 0; bits < 32768; bits++)
        {
            int exponent = bits >> mantissaBits;
            double fraction = (bits & ((1 << mantissaBits) - 1)) / (double)(1 << mantissaBits);
            double expected = exponent == (2 * bias) + 1 ? (fraction == 0 ? double.PositiveInfinity : double.NaN)
                : exponent == 0 ? Math.ScaleB(fraction, 1 - bias)
                : Math.ScaleB(1 + fraction, exponent - bias);
            Assert.Equal(expected, values[bits]);
            Assert.Equal(-expected, values[bits + 32768]);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<CutawayException>(() => ElementDecoder.Decode(ElementType.Q4_0, new byte[18], new float[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementDecoder.Decode(ElementType.Q4_0, new byte[17], new float[32]));
        Assert.Throws<CutawayException>(() => ElementDecoder.Decode(ElementType.Int64, new byte[8], new float[1]));
    }

    [Fact]
    public void Rows_are_sliced_chosen_and_transposed()
    {
        WeightMatrix matrix = WeightMatrix.FromArray([1f, 2, 3, 4, 5, 6], 3, 2);
        Assert.Equal([3f, 4, 5, 6], matrix.SliceRows(1, 2).Decode<float>());
        Assert.Equal([5f, 6, 1, 2], matrix.SelectRows([2, 0]).Decode<float>());
        Assert.Equal([1f, 2], matrix.SelectRows([2, 0]).SliceRows(1, 1).Decode<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceRows(2, int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceRows(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SelectRows([3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.DecodeRow(3, new float[2]));
    }
}
