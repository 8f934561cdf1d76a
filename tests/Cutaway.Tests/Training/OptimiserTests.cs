using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Parallel;
using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class OptimiserTests
{
    private static readonly double[] Curvature = [1, 4, 0.5];

    // Each formula of the papers in double precision, a number at a time, as an independent reference.
    [Theory]
    [InlineData(OptimiserKind.AdamW, true)]
    [InlineData(OptimiserKind.AdamW, false)]
    [InlineData(OptimiserKind.Adam, true)]
    [InlineData(OptimiserKind.Sgd, true)]
    [InlineData(OptimiserKind.Sgd, false)]
    public void Ten_steps_down_a_bowl_follow_the_formulas(OptimiserKind kind, bool decays)
    {
        OptimiserSettings settings = new() { Kind = kind, WeightDecay = 0.2, Beta1 = 0.8, Beta2 = 0.9, Momentum = 0.7 };
        TrainedTensor tensor = Tensor([1, -2, 3], decays);
        Optimiser optimiser = new(settings, [tensor]);
        double[] x = [1, -2, 3];
        double[] m = new double[3];
        double[] v = new double[3];
        for (int step = 0; step < 10; step++)
        {
            const double rate = 0.05;
            const double clip = 0.5;
            for (int i = 0; i < 3; i++)
            {
                tensor.Gradient[i] = (float)(Curvature[i] * tensor.Values[i]);
                double decay = decays ? 0.2 : 0;
                double g = clip * Curvature[i] * x[i];
                if (kind == OptimiserKind.AdamW)
                {
                    x[i] -= rate * decay * x[i];
                }
                else
                {
                    g += decay * x[i];
                }

                if (kind == OptimiserKind.Sgd)
                {
                    m[i] = (0.7 * m[i]) + g;
                    x[i] -= rate * m[i];
                    continue;
                }

                m[i] = (0.8 * m[i]) + (0.2 * g);
                v[i] = (0.9 * v[i]) + (0.1 * g * g);
                double mean = m[i] / (1 - Math.Pow(0.8, step + 1));
                double square = v[i] / (1 - Math.Pow(0.9, step + 1));
                x[i] -= rate * mean / (Math.Sqrt(square) + 1e-8);
            }

            optimiser.Step(WorkerPool.Default, step, rate, clip);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(x[i], tensor.Values[i], 1e-5);
        }
    }

    [Fact]
    public void The_gradient_norm_is_that_of_all_tensors_together()
    {
        TrainedTensor a = Tensor([0, 0], true);
        TrainedTensor b = Tensor([0], true);
        a.Gradient[0] = 2;
        a.Gradient[1] = -3;
        b.Gradient[0] = 6;
        Assert.Equal(7, new Optimiser(new OptimiserSettings(), [a, b]).GradientNorm(), 6);
    }

    private static TrainedTensor Tensor(float[] values, bool decays)
    {
        TrainedTensor tensor = new(new NetworkParameter("x", [values.Length], 0, values.Length), new NativeBuffer<float>(values.Length), new NativeBuffer<float>(values.Length), decays);
        values.CopyTo(tensor.Values);
        tensor.Gradient.Clear();
        return tensor;
    }
}
