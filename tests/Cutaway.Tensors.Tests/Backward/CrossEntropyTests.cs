using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed class CrossEntropyTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 6)]
    [InlineData(50, 3)]
    public void The_loss_is_its_definition_and_the_gradient_its_differences(int length, int target)
    {
        double[] logits = Differences.Normal(length, 1, 3);
        double[] gradient = new double[length];
        double loss = CrossEntropy.Row<double>(logits, target, 2.5, gradient);
        Assert.Equal(Loss(logits), loss, 1e-12);
        Assert.Equal(-Loss(logits), CrossEntropy.LogProbability<double>(logits, target), 1e-12);
        Differences.AssertClose(Differences.Of(at => 2.5 * Loss(at), logits), gradient);

        double Loss(double[] at) => -Math.Log(Math.Exp(at[target]) / at.Sum(Math.Exp));
    }

    [Fact]
    public void Rows_of_every_length_match_double_precision_in_and_out_of_place()
    {
        foreach (int length in KernelData.Lengths.Append(50_257).Where(length => length > 0))
        {
            float[] logits = Array.ConvertAll(KernelData.Normal(length, length, 4), value => value + 30);
            int target = length * 2 / 3;
            Guarded apart = new(new float[length]);
            Guarded inPlace = new(logits);
            double[] exact = new double[length];
            double loss = CrossEntropy.Row<float>(logits, target, 0.5f, apart.Row);
            Assert.Equal(loss, CrossEntropy.Row<float>(inPlace.Row, target, 0.5f, inPlace.Row));
            Assert.Equal(CrossEntropy.Row<double>(Differences.Wide(logits), target, 0.5, exact), loss, 2e-6);
            apart.AssertUntouched();
            inPlace.AssertUntouched();
            Assert.Equal(apart.Row, inPlace.Row);
            for (int i = 0; i < length; i++)
            {
                // Near a probability of one the target's gradient is what is left of a difference.
                Assert.Equal(exact[i], apart.Row[i], (4e-6 * Math.Abs(exact[i])) + (i == target ? 2e-6 : 1e-38));
            }
        }
    }

    [Fact]
    public void Logits_far_apart_neither_overflow_nor_lose_the_loss()
    {
        float[] gradient = new float[3];
        Assert.Equal(2000, CrossEntropy.Row<float>([1000, -1000, float.NegativeInfinity], 1, 1f, gradient), 1e-9);
        Assert.Equal([1f, -1f, 0f], gradient);
    }
}
