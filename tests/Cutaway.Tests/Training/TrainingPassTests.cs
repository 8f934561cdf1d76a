using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class TrainingPassTests
{
    // Along its own gradient a loss changes by the gradient's length: one number that all entries of a parameter share.
    [Theory]
    [InlineData(ModelFamily.Llama)]
    [InlineData(ModelFamily.Gpt2)]
    public void The_loss_changes_along_every_parameters_gradient_by_the_gradients_length(ModelFamily family)
    {
        ModelShape shape = new() { Family = family, Layers = 2, DModel = 16, Heads = 4, KeyValueHeads = family == ModelFamily.Llama ? 2 : null, DMlp = 24, Context = 12, Tied = false };
        NetworkParameters parameters = NetworkParameters.Create(ModelConfig.Network(shape, 40));
        new Initialisation { Deviation = 0.4, ScaleResidual = false }.Fill(parameters);
        SeededRandom random = new(3);
        int[] ids = [.. Enumerable.Range(0, 4 * 12).Select(_ => random.Next(40))];
        TrainingPass pass = new(parameters);
        pass.Accumulate(ids, 4, 12);
        foreach (NetworkParameter parameter in parameters.All)
        {
            float[] gradient = parameters.GradientOf(parameter).ToArray();
            double length = Math.Sqrt(gradient.Sum(value => (double)value * value));

            // A bias of all keys alike changes no pattern.
            if (parameter.Name.EndsWith("attn.b_K", StringComparison.Ordinal))
            {
                Assert.True(length < 1e-5);
                continue;
            }

            Assert.True(length > 1e-3, $"{parameter.Name}: {length}");
            const double step = 0.003;
            double slope = (Moved(step) - Moved(-step)) / (2 * step);
            Assert.True(Math.Abs(slope - length) < 0.03 * length, $"{parameter.Name}: {slope} along a gradient {length} long");

            double Moved(double distance)
            {
                float[] before = parameters.ValuesOf(parameter).ToArray();
                Span<float> values = parameters.ValuesOf(parameter);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] += (float)(distance * gradient[i] / length);
                }

                double loss = pass.Loss(ids, 4, 12);
                before.CopyTo(parameters.ValuesOf(parameter));
                return loss;
            }
        }
    }
}
