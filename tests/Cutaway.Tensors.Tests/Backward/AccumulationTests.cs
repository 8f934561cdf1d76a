using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Tests.Backward;

[Trait("Category", "Kernel")]
public sealed unsafe class AccumulationTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 129)]
    [InlineData(300, 333)]
    public void Column_sums_add_to_what_is_there_with_the_same_bits_on_any_number_of_threads(int rows, int columns)
    {
        GuardedMatrix<float> a = new(rows, columns, gap: 3, seed: 1);
        GuardedMatrix<float> b = new(rows, columns, gap: 1, seed: 2);
        GuardedMatrix<float> alone = new(2, columns, seed: 3);
        GuardedMatrix<float> shared = new(2, columns, seed: 3);
        float[] before = alone.ToArray();
        WorkerPool pool = new(3);
        ColumnSums.Add(null, a.View, alone.View.Pointer);
        ColumnSums.AddProducts(null, a.View, b.View, alone.View.Pointer + columns);
        ColumnSums.Add(pool, a.View, shared.View.Pointer);
        ColumnSums.AddProducts(pool, a.View, b.View, shared.View.Pointer + columns);
        ProductAssert.SameBits(alone.ToArray(), shared.ToArray());
        for (int j = 0; j < columns; j++)
        {
            double sum = before[j];
            double products = before[columns + j];
            for (int i = 0; i < rows; i++)
            {
                sum += a[i, j];
                products += (double)a[i, j] * b[i, j];
            }

            Assert.Equal(sum, alone[0, j], 2e-4);
            Assert.Equal(products, alone[1, j], 2e-4);
        }
    }

    [Fact]
    public void A_looked_up_row_gathers_the_gradients_of_all_its_places()
    {
        int[] ids = [3, 0, 3, 4, 3];
        GuardedMatrix<double> rows = new(5, 70, gap: 2, seed: 1);
        GuardedMatrix<double> table = new(6, 70, gap: 1, seed: 2);
        double[] before = table.ToArray();
        EmbeddingBackward.Add(new WorkerPool(2), ids, rows.View, table.View);
        for (int row = 0; row < 6; row++)
        {
            for (int j = 0; j < 70; j++)
            {
                double expected = before[(row * 70) + j] + Enumerable.Range(0, 5).Where(i => ids[i] == row).Sum(i => rows[i, j]);
                Assert.Equal(expected, table[row, j], 1e-14);
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingBackward.Add(null, [3, 0, 6, 4, 3], rows.View, table.View));
    }

    [Fact]
    public void The_squared_norm_is_the_sum_of_squares()
    {
        foreach (int length in KernelData.Lengths.Append(20_000))
        {
            float[] x = KernelData.Normal(length, 1);
            double exact = x.Sum(value => (double)value * value);
            Assert.Equal(exact, SquaredNorm.Of<float>(x), 3e-6 * exact);
        }
    }

    [Fact]
    public void The_divergence_is_its_definition_and_the_gradient_its_differences()
    {
        double[] reference = [.. Differences.Normal(40, 1, 3), double.NegativeInfinity];
        double[] logits = Differences.Normal(41, 2, 3);
        double[] gradient = new double[41];
        double divergence = Divergence.Row<double>(reference, logits, 1.5, gradient);
        Assert.Equal(Definition(logits), divergence, 1e-12);
        Differences.AssertClose(Differences.Of(at => 1.5 * Definition(at), logits), gradient);
        Assert.Equal(0, Divergence.Row<double>(logits, logits, 1, gradient), 1e-14);

        double Definition(double[] at)
        {
            double sum = at.Sum(Math.Exp);
            double referenceSum = reference.Sum(Math.Exp);
            return Enumerable.Range(0, 40).Sum(i => Math.Exp(reference[i]) / referenceSum * Math.Log(Math.Exp(reference[i]) / referenceSum / (Math.Exp(at[i]) / sum)));
        }
    }

    [Fact]
    public void Divergences_of_every_length_match_double_precision()
    {
        foreach (int length in KernelData.Lengths.Where(length => length > 0))
        {
            float[] reference = KernelData.Normal(length, length, 3);
            float[] logits = KernelData.Normal(length, length + 1, 3);
            double[] exact = new double[length];
            Guarded gradient = new(new float[length]);
            double divergence = Divergence.Row<float>(reference, logits, 1, gradient.Row);
            gradient.AssertUntouched();
            Assert.Equal(Divergence.Row<double>(Differences.Wide(reference), Differences.Wide(logits), 1, exact), divergence, 1e-5);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(exact[i], gradient.Row[i], 2e-6);
            }
        }
    }

    [Theory]
    [InlineData(0.1, 0, 1)]
    [InlineData(0, 0.3, 0.5)]
    public void Steps_of_Adam_follow_the_paper(double decoupled, double l2, double gradientScale)
    {
        foreach (int length in new[] { 1, 16, 67 })
        {
            Guarded parameters = new(KernelData.Normal(length, 1));
            double[] exact = Differences.Wide(parameters.Row);
            Guarded mean = new(new float[length]);
            Guarded square = new(new float[length]);
            double[] m = new double[length];
            double[] v = new double[length];
            double[] kernel = [.. exact];
            double[] kernelMean = new double[length];
            double[] kernelSquare = new double[length];
            for (int step = 1; step <= 5; step++)
            {
                AdamUpdate update = new(0.01, 0.9, 0.99, 1e-8, step) { DecoupledDecay = decoupled, GradientDecay = l2, GradientScale = gradientScale };
                float[] gradient = KernelData.Normal(length, step + 1);
                update.Apply<float>(parameters.Row, gradient, mean.Row, square.Row);
                update.Apply<double>(kernel, Differences.Wide(gradient), kernelMean, kernelSquare);
                for (int i = 0; i < length; i++)
                {
                    double g = (gradientScale * gradient[i]) + (l2 * exact[i]);
                    m[i] = (0.9 * m[i]) + (0.1 * g);
                    v[i] = (0.99 * v[i]) + (0.01 * g * g);
                    double corrected = m[i] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, step))) + 1e-8);
                    exact[i] -= 0.01 * (corrected + (decoupled * exact[i]));
                    Assert.Equal(exact[i], kernel[i], 1e-12);
                    Assert.Equal(exact[i], parameters.Row[i], 2e-6);
                }
            }

            parameters.AssertUntouched();
            mean.AssertUntouched();
            square.AssertUntouched();
        }
    }

    [Fact]
    public void Steps_with_momentum_follow_their_recurrence()
    {
        double[] parameters = Differences.Normal(35, 1);
        double[] exact = [.. parameters];
        double[] direction = new double[35];
        Guarded single = new(Array.ConvertAll(parameters, value => (float)value));
        Guarded singleDirection = new(new float[35]);
        double[] velocity = new double[35];
        for (int step = 0; step < 3; step++)
        {
            double[] gradient = Differences.Normal(35, step + 2);
            MomentumUpdate update = new(0.1, 0.8) { GradientDecay = 0.2, GradientScale = 0.5 };
            update.Apply<double>(parameters, gradient, direction);
            update.Apply<float>(single.Row, Array.ConvertAll(gradient, value => (float)value), singleDirection.Row);
            for (int i = 0; i < 35; i++)
            {
                velocity[i] = (0.8 * velocity[i]) + (0.5 * gradient[i]) + (0.2 * exact[i]);
                exact[i] -= 0.1 * velocity[i];
                Assert.Equal(exact[i], parameters[i], 1e-12);
                Assert.Equal(exact[i], single.Row[i], 2e-6);
            }
        }

        single.AssertUntouched();
        singleDirection.AssertUntouched();
    }
}
