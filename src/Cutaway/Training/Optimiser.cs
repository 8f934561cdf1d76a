using Cutaway.Tensors;
using Cutaway.Tensors.Kernels.Backward;
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
            sum += SquaredNorm.Of<float>(tensor.Gradient);
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
        Work work = new(this, step, rate, factor);
        pool.For(chunks.Length, ref work);
    }

    private static NativeBuffer<float> Cleared(int length)
    {
        NativeBuffer<float> buffer = new(length);
        buffer.Span.Clear();
        return buffer;
    }

    private readonly struct Work(Optimiser optimiser, int step, double rate, double factor) : IParallelWork
    {
        public void Invoke(int index)
        {
            (int number, int start, int length) = optimiser.chunks[index];
            OptimiserSettings settings = optimiser.settings;
            TrainedTensor tensor = optimiser.tensors[number];
            double decay = tensor.Decays ? settings.WeightDecay : 0;
            Span<float> values = tensor.Values.Slice(start, length);
            Span<float> gradient = tensor.Gradient.Slice(start, length);
            Span<float> first = optimiser.First[number].Span.Slice(start, length);
            if (settings.Kind == OptimiserKind.Sgd)
            {
                new MomentumUpdate(rate, settings.Momentum) { GradientDecay = decay, GradientScale = factor }.Apply(values, gradient, first);
                return;
            }

            bool isDecoupled = settings.Kind == OptimiserKind.AdamW;
            AdamUpdate update = new(rate, settings.Beta1, settings.Beta2, settings.Epsilon, step + 1)
            {
                DecoupledDecay = isDecoupled ? decay : 0,
                GradientDecay = isDecoupled ? 0 : decay,
                GradientScale = factor,
            };
            update.Apply(values, gradient, first, optimiser.Second[number].Span.Slice(start, length));
        }
    }
}
