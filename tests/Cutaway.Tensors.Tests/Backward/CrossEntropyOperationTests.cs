using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Tests.Backward;

/// <summary>The loss with its unembedding, whose logits are made a block of rows at a time.</summary>
public sealed unsafe class CrossEntropyOperationTests
{
    private const int Rows = 300;
    private const int Width = 3;

    // 300 rows of as many logits are more than one block, with and without the unembedding's own gradient.
    private const int Vocabulary = 20_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Blocks_of_rows_give_the_loss_and_the_gradients_of_the_whole(bool takesWeights)
    {
        Random random = new(3);
        double[] x = [.. Enumerable.Range(0, Rows * Width).Select(_ => random.NextDouble() - 0.5)];
        double[] w = [.. Enumerable.Range(0, Vocabulary * Width).Select(_ => 4 * (random.NextDouble() - 0.5))];
        int[] targets = [.. Enumerable.Range(0, Rows).Select(row => row % 7 == 0 ? -1 : random.Next(Vocabulary))];
        WeightMatrix weight = WeightMatrix.FromArray(w, Vocabulary, Width);
        ParameterGradients<double> parameters = new();
        parameters.Want(weight, w.Length);
        Tape<double> tape = new(takesWeights ? parameters : null);
        tape.Begin(WorkerPool.Default);
        Variable<double> input = tape.Make(x.Length, by: null);
        x.CopyTo(input.Span);
        input.NeedsGradient = true;
        double loss = CrossEntropyOperation<double>.Record(tape, input, weight, null, null, targets, null);
        tape.Backward(0, default);

        (double expected, double[] dx, double[] dw) = Whole(x, w, targets);
        Assert.Equal(expected, loss, 1e-12);
        Assert.All(dx.Zip(new ReadOnlySpan<double>(input.Gradient, x.Length).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-14));
        Assert.All(dw.Zip(parameters.Of(weight).ToArray()), pair => Assert.Equal(takesWeights ? pair.First : 0, pair.Second, 1e-14));
        GC.KeepAlive(tape);
    }

    // Mean of -log softmax(x · wᵀ)[target], with its gradients (softmax - e_target) · w and (softmax - e_target)ᵀ · x.
    private static (double Loss, double[] Dx, double[] Dw) Whole(double[] x, double[] w, int[] targets)
    {
        int counted = targets.Count(target => target >= 0);
        double loss = 0;
        double[] dx = new double[x.Length];
        double[] dw = new double[w.Length];
        double[] exponentials = new double[Vocabulary];
        for (int row = 0; row < Rows; row++)
        {
            if (targets[row] < 0)
            {
                continue;
            }

            double sum = 0;
            for (int token = 0; token < Vocabulary; token++)
            {
                double logit = 0;
                for (int i = 0; i < Width; i++)
                {
                    logit += x[(row * Width) + i] * w[(token * Width) + i];
                }

                sum += exponentials[token] = Math.Exp(logit);
            }

            loss -= Math.Log(exponentials[targets[row]] / sum) / counted;
            for (int token = 0; token < Vocabulary; token++)
            {
                double slope = ((exponentials[token] / sum) - (token == targets[row] ? 1 : 0)) / counted;
                for (int i = 0; i < Width; i++)
                {
                    dx[(row * Width) + i] += slope * w[(token * Width) + i];
                    dw[(token * Width) + i] += slope * x[(row * Width) + i];
                }
            }
        }

        return (loss, dx, dw);
    }
}
