using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

public sealed class TrainingPassTests
{
    private const int Batch = 2, Length = 5;

    private static readonly int[] Tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];

    [Fact]
    public void The_loss_is_that_of_the_logits()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetwork.Create(1, dModel: 64, vocabulary: 40));
        ForwardPass<float> pass = new(parameters.Network);
        pass.Run(new ForwardRequest(Tokens, Batch, Length), null, CancellationToken.None);
        int vocabulary = parameters.Network.Config.Vocabulary;
        double expected = 0;
        for (int i = 0; i < Tokens.Length; i++)
        {
            ReadOnlySpan<float> row = pass.Logits.Slice(i * vocabulary, vocabulary);
            expected += (i + 1) % Length == 0 ? 0 : (Softmax.LogSumExp(row) - row[Tokens[i + 1]]) / (Batch * (Length - 1));
        }

        Assert.Equal(expected, new TrainingPass(parameters).Loss(Tokens, Batch, Length), 1e-5);
    }

    [Fact]
    public void A_small_step_along_each_parameters_gradient_changes_the_loss_by_its_square()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetwork.Create(1, dModel: 64, vocabulary: 40));
        TrainingPass pass = new(parameters);
        double before = pass.Accumulate(Tokens, Batch, Length);
        Assert.All(parameters.All, parameter =>
        {
            float[] gradient = parameters.GradientOf(parameter).ToArray();
            float[] values = parameters.ValuesOf(parameter).ToArray();
            double square = gradient.Sum(g => (double)g * g);
            Assert.True(square > 0, parameter.Name);
            double step = 1e-2 / Math.Sqrt(square);
            double up = Moved(step);
            double down = Moved(-step);
            Assert.Equal(1, (up - down) / (2 * step * square), 0.02);

            double Moved(double by)
            {
                for (int i = 0; i < values.Length; i++)
                {
                    parameters.ValuesOf(parameter)[i] = (float)(values[i] + (by * gradient[i]));
                }

                double loss = pass.Loss(Tokens, Batch, Length);
                values.CopyTo(parameters.ValuesOf(parameter));
                return loss;
            }
        });
        Assert.Equal(before, pass.Loss(Tokens, Batch, Length));
    }
}
