using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed class RotaryBackwardTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Head_vectors_have_the_gradient_of_the_forward_kernel(bool interleaved)
    {
        // Not of length one: as long-context scaling stretches them.
        double[] cosines = Differences.Normal(9, 1);
        double[] sines = Differences.Normal(9, 2);
        double[] x = Differences.Normal(20, 3);
        double[] gradient = Differences.Normal(20, 4);
        double[] dx = [.. gradient];
        Turn<double>(interleaved, back: true, dx, cosines, sines);
        Differences.AssertClose(Differences.Of(at => Differences.Dot(Turned(at), gradient), x), dx);

        double[] Turned(double[] at)
        {
            double[] y = [.. at];
            Turn<double>(interleaved, back: false, y, cosines, sines);
            return y;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_number_of_pairs_turns_back_to_where_it_was(bool interleaved)
    {
        foreach (int pairs in KernelData.Lengths)
        {
            float[] angles = KernelData.Normal(pairs, 3, 2);
            float[] cosines = Array.ConvertAll(angles, MathF.Cos);
            float[] sines = Array.ConvertAll(angles, MathF.Sin);
            float[] x = KernelData.Normal((2 * pairs) + 5, 4);
            Guarded turned = new(x);
            Turn<float>(interleaved, back: false, turned.Row, cosines, sines);
            Turn<float>(interleaved, back: true, turned.Row, cosines, sines);
            turned.AssertUntouched();
            for (int i = 0; i < x.Length; i++)
            {
                Assert.Equal(x[i], turned.Row[i], 3e-6f);
            }
        }
    }

    private static void Turn<T>(bool interleaved, bool back, Span<T> x, ReadOnlySpan<T> cosines, ReadOnlySpan<T> sines)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        switch (interleaved, back)
        {
            case (false, false):
                Rotary.HalfSplit(x, cosines, sines);
                break;
            case (false, true):
                RotaryBackward.HalfSplit(x, cosines, sines);
                break;
            case (true, false):
                Rotary.Interleaved(x, cosines, sines);
                break;
            default:
                RotaryBackward.Interleaved(x, cosines, sines);
                break;
        }
    }
}
