using Cutaway.Tensors.Kernels;

namespace Cutaway.Tensors.Tests;

[Trait("Category", "Kernel")]
public sealed class ReductionKernelTests
{
    [Fact]
    public void The_largest_value_is_found_wherever_it_is()
    {
        foreach (int length in KernelData.Lengths.Where(length => length is > 0 and < 1000))
        {
            float[] x = KernelData.Normal(length, length);
            for (int at = 0; at < length; at++)
            {
                float kept = x[at];
                x[at] = 100;
                Assert.Equal(at, Reductions.ArgMax<float>(x));
                x[at] = kept;
            }
        }
    }

    [Fact]
    public void Among_equals_the_lowest_index_wins()
    {
        Assert.Equal(0, Reductions.ArgMax<float>(new float[100]));
        Assert.Equal(0, Reductions.ArgMax<float>(Enumerable.Repeat(float.NegativeInfinity, 40).ToArray()));
        Assert.Equal([0, 1, 2], Reductions.TopK<float>(new float[100], 3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(63)]
    public void NaN_is_the_largest_value_but_never_among_the_top(int at)
    {
        float[] x = KernelData.Normal(64, 2);
        x[at] = float.NaN;
        Assert.Equal(at, Reductions.ArgMax<float>(x));
        Assert.DoesNotContain(at, Reductions.TopK<float>(x, 63));
        Assert.Equal(at, Reductions.TopK<float>(x, 64)[^1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void The_top_is_the_head_of_the_sorted_row(int count)
    {
        foreach (int length in KernelData.Lengths)
        {
            // Rounded, so that there are ties.
            float[] x = Array.ConvertAll(KernelData.Normal(length, length, 3), MathF.Round);
            int[] sorted = [.. Enumerable.Range(0, length).OrderByDescending(i => x[i]).ThenBy(i => i).Take(count)];
            Assert.Equal(sorted, Reductions.TopK<float>(x, count));
            Assert.Equal(sorted, Reductions.TopK<double>(Array.ConvertAll(x, value => (double)value), count));
        }
    }
}
