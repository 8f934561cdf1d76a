using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>A Llama-like network of any size with random weights: large enough that work is shared between threads.</summary>
internal static class RandomNetwork
{
    /// <summary>Makes a network; the same seed gives the same weights.</summary>
    public static TransformerNetwork Create(int threads, int dModel = 192, int layers = 2, int vocabulary = 1031, ulong seed = 5)
    {
        SeededRandom random = new(seed);
        const int DHead = 32;
        int heads = dModel / DHead;
        LayerConfig all = new()
        {
            AttentionScale = 1 / Math.Sqrt(DHead),
            Rotary = new RotaryConfig { Frequencies = [.. Enumerable.Range(0, DHead / 2).Select(i => Math.Pow(1e4, -2.0 * i / DHead))] },
        };
        NetworkConfig config = new()
        {
            Architecture = "random",
            Layers = layers,
            DModel = dModel,
            Heads = heads,
            KeyValueHeads = heads / 2,
            DHead = DHead,
            DMlp = 3 * dModel,
            Vocabulary = vocabulary,
            Context = 4096,
            Norm = NormKind.Rms,
            Positions = PositionKind.Rotary,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            LayerConfigs = [.. Enumerable.Repeat(all, layers)],
        };
        BlockWeights[] blocks =
        [
            .. Enumerable.Range(0, layers).Select(_ => new BlockWeights(
                new AttentionWeights(Linear(dModel, dModel), Linear(dModel / 2, dModel), Linear(dModel / 2, dModel), Linear(dModel, dModel)),
                new MlpWeights(Linear(config.DMlp, dModel), Linear(dModel, config.DMlp), Linear(config.DMlp, dModel)))
            {
                AttentionNorm = Norm(),
                MlpNorm = Norm(),
            }),
        ];
        NetworkWeights weights = new(Linear(vocabulary, dModel).Weight, blocks, Linear(vocabulary, dModel)) { FinalNorm = Norm() };
        return new TransformerNetwork(config, weights, new WorkerPool(threads));

        LinearWeights Linear(int outputs, int inputs)
        {
            float[] values = new float[outputs * inputs];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(random.NextNormal() / Math.Sqrt(inputs));
            }

            return new LinearWeights(WeightMatrix.FromArray(values, outputs, inputs));
        }

        NormWeights Norm() => new(new WeightVector([.. Enumerable.Range(0, dModel).Select(_ => 1 + (0.1 * random.NextNormal()))]));
    }
}
