using System.Numerics.Tensors;
using Cutaway.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Training;

/// <summary>Turns gradients into changes of the values, and keeps what it remembers of earlier gradients.</summary>
internal sealed class Optimiser
{
    // Values that one thread changes before it takes the next ones.
    private const int Chunk = 1 << 14;

    private readonly OptimiserSettings settings;
    private readonly IReadOnlyList<TrainedTensor> tensors;
    private readonly (int Tensor, int Start, int Length)[] chunks;

    /// <summary>Prepares to train tensors.</summary>
    public Optimiser(OptimiserSettings settings, IReadOnlyList<TrainedTensor> tensors)
    {
        this.settings = settings;
        this.tensors = tensors;
        First = [.. tensors.Select(tensor => Cleared(tensor.Length))];
        Second = settings.Kind == OptimiserKind.Sgd ? [] : [.. tensors.Select(tensor => Cleared(tensor.Length))];
        chunks =
        [
            .. tensors.SelectMany((tensor, index) => Enumerable.Range(0, (tensor.Length + Chunk - 1) / Chunk)
                .Select(part => (index, part * Chunk, Math.Min(Chunk, tensor.Length - (part * Chunk))))),
        ];
    }

    /// <summary>The mean gradient of each tensor (Adam), or its momentum (Sgd).</summary>
    public IReadOnlyList<NativeBuffer<float>> First { get; }

    /// <summary>The mean squared gradient of each tensor; empty for Sgd.</summary>
    public IReadOnlyList<NativeBuffer<float>> Second { get; }

    /// <summary>The length of the gradient over all tensors together.</summary>
    public double GradientNorm()
    {
        double sum = 0;
        foreach (TrainedTensor tensor in tensors)
        {
            for (int start = 0; start < tensor.Length; start += Chunk)
            {
                sum += TensorPrimitives.SumOfSquares<float>(tensor.Gradient.Slice(start, Math.Min(Chunk, tensor.Length - start)));
            }
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Changes all tensors.</summary>
    /// <param name="pool">Threads; each value is changed by itself, so their number changes nothing.</param>
    /// <param name="step">The number of the step, from 0.</param>
    /// <param name="rate">The learning rate of the step.</param>
    /// <param name="factor">On every gradient, such as a clip.</param>
    public void Step(WorkerPool pool, int step, double rate, double factor)
    {
        double toFirst = 1 - Math.Pow(settings.Beta1, step + 1);
        double toSecond = 1 - Math.Pow(settings.Beta2, step + 1);
        Work work = new(this, (float)rate, (float)factor, (float)(rate / toFirst), (float)(1 / Math.Sqrt(toSecond)));
        pool.For(chunks.Length, ref work);
    }

    private static NativeBuffer<float> Cleared(int length)
    {
        NativeBuffer<float> buffer = new(length);
        buffer.Span.Clear();
        return buffer;
    }

    private readonly struct Work(Optimiser optimiser, float rate, float factor, float correctedRate, float correctedRoot) : IParallelWork
    {
        public void Invoke(int index)
        {
            (int tensor, int start, int length) = optimiser.chunks[index];
            OptimiserSettings settings = optimiser.settings;
            TrainedTensor trained = optimiser.tensors[tensor];
            float decay = trained.Decays ? (float)settings.WeightDecay : 0;
            Span<float> values = trained.Values.Slice(start, length);
            Span<float> gradient = trained.Gradient.Slice(start, length);
            Span<float> first = optimiser.First[tensor].Span.Slice(start, length);
            if (factor != 1)
            {
                TensorPrimitives.Multiply(gradient, factor, gradient);
            }

            if (settings.Kind != OptimiserKind.AdamW && decay != 0)
            {
                TensorPrimitives.MultiplyAdd(values, decay, gradient, gradient);
            }

            if (settings.Kind == OptimiserKind.Sgd)
            {
                TensorPrimitives.MultiplyAdd(first, (float)settings.Momentum, gradient, first);
                TensorPrimitives.MultiplyAdd(first, -rate, values, values);
                return;
            }

            if (settings.Kind == OptimiserKind.AdamW && decay != 0)
            {
                TensorPrimitives.Multiply(values, 1 - (rate * decay), values);
            }

            Adam(settings, values, gradient, first, optimiser.Second[tensor].Span.Slice(start, length));
        }

        private void Adam(OptimiserSettings settings, Span<float> values, Span<float> gradient, Span<float> first, Span<float> second)
        {
            float beta1 = (float)settings.Beta1;
            float beta2 = (float)settings.Beta2;
            float epsilon = (float)settings.Epsilon;
            for (int i = 0; i < values.Length; i++)
            {
                float g = gradient[i];
                first[i] = (beta1 * first[i]) + ((1 - beta1) * g);
                second[i] = (beta2 * second[i]) + ((1 - beta2) * g * g);
                values[i] -= correctedRate * first[i] / ((MathF.Sqrt(second[i]) * correctedRoot) + epsilon);
            }
        }
    }
}
