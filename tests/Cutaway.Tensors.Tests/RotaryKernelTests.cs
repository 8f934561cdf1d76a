using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed class RotaryKernelTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pairs_turn_by_their_angles_and_what_is_beyond_them_passes_through(bool interleaved)
    {
        foreach (int pairs in KernelData.Lengths)
        {
            const int beyond = 5;
            double[] angles = Array.ConvertAll(KernelData.Normal(pairs, 3, 2), value => (double)value);
            float[] cosines = Array.ConvertAll(angles, angle => (float)Math.Cos(angle));
            float[] sines = Array.ConvertAll(angles, angle => (float)Math.Sin(angle));
            float[] x = KernelData.Normal((2 * pairs) + beyond, 4);
            Guarded turned = new(x);
            if (interleaved)
            {
                Rotary.Interleaved<float>(turned.Row, cosines, sines);
            }
            else
            {
                Rotary.HalfSplit<float>(turned.Row, cosines, sines);
            }

            turned.AssertUntouched();
            Assert.Equal(x.AsSpan(2 * pairs), turned.Row[(2 * pairs)..]);
            for (int i = 0; i < pairs; i++)
            {
                int first = interleaved ? 2 * i : i;
                int second = interleaved ? first + 1 : i + pairs;
                double real = (x[first] * Math.Cos(angles[i])) - (x[second] * Math.Sin(angles[i]));
                double imaginary = (x[second] * Math.Cos(angles[i])) + (x[first] * Math.Sin(angles[i]));
                Assert.Equal(real, turned.Row[first], 2e-6);
                Assert.Equal(imaginary, turned.Row[second], 2e-6);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NaN_stays_in_its_own_pair(bool interleaved)
    {
        float[] ones = Enumerable.Repeat(1f, 32).ToArray();
        float[] x = new float[64];
        x[7] = float.NaN;
        if (interleaved)
        {
            Rotary.Interleaved<float>(x, ones, ones);
        }
        else
        {
            Rotary.HalfSplit<float>(x, ones, ones);
        }

        int partner = interleaved ? 6 : 39;
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(i == 7 || i == partner, float.IsNaN(x[i]));
        }
    }
}
