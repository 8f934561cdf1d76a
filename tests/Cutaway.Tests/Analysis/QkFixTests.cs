using Cutaway.Analysis;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Tests.Analysis;

public sealed class QkFixTests
{
    // One query whose scores go from (20, 0) to (0, 20) over values 1 and 0: the output goes from 1 to 0, and its gradient there is next to nothing.
    [Fact]
    public void A_saturated_softmax_hides_no_effect()
    {
        double[] pattern = [20, 0];
        Softmax.Row<double>(pattern, pattern);
        double[] slope = [1, 0];
        double plain = pattern[0] * (1 - pattern[0]) * -40;
        Assert.Equal(-8.24e-8, plain, 1e-10);
        Assert.Equal(-0.9999999959, QkFix.RowChange(pattern, [0, 20], slope), 1e-10);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(-2.5)]
    [InlineData(40)]
    [InlineData(-900)]
    [InlineData(900)]
    public void Changing_one_key_alone_equals_the_whole_softmax(double change)
    {
        double[] scores = [0.2, -1.5, 3, 0.7, double.NegativeInfinity];
        double[] slope = [1.3, -0.4, 0.25, 2, 5];
        double[] pattern = [.. scores];
        Softmax.Row<double>(pattern, pattern);
        double mean = pattern.Zip(slope, (a, g) => a * g).Sum();
        for (int key = 0; key < 4; key++)
        {
            double[] fresh = [.. scores];
            fresh[key] += change;
            Assert.Equal(QkFix.RowChange(pattern, fresh, slope), QkFix.KeyChange(pattern[key], change, slope[key], mean), 1e-14);
        }
    }
}
