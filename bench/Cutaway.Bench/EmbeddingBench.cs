using Cutaway.Loading;
using Cutaway.Models.Network;
using Cutaway.Sentences;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>A thousand short sentences through an encoder of BERT's size, in batches sorted by length, against the peak of the machine.</summary>
internal static class EmbeddingBench
{
    private const int Sentences = 1000;
    private const int Shortest = 8;
    private const int Longest = 24;

    /// <summary>Prints one row.</summary>
    public static void Run(string[] args)
    {
        NetworkConfig config = new()
        {
            Architecture = "BertModel",
            Layers = 12,
            DModel = 768,
            Heads = 12,
            KeyValueHeads = 12,
            DHead = 64,
            DMlp = 3072,
            Vocabulary = 2000,
            Context = 512,
            Norm = NormKind.Layer,
            NormPlacement = NormPlacement.OnSum,
            Positions = PositionKind.Learned,
            TokenTypes = 2,
            InputNorm = true,
            Causal = false,
            FinalNorm = false,
            Unembeds = false,
            Activation = ActivationKind.GeluExact,
            TiedEmbedding = true,
            LayerConfigs = [.. Enumerable.Repeat(new LayerConfig { AttentionScale = 0.125 }, 12)],
        };
        NetworkParameters parameters = NetworkParameters.Create(config);
        SeededRandom random = new(1);
        foreach (ref float value in parameters.Values.Span)
        {
            value = (float)(0.04 * (random.NextDouble() - 0.5));
        }

        LanguageModel model = new("BERT size", parameters.Network, new MissingTokenizer(config.Vocabulary, CutawayException.Usage("ids only")));
        int[][] ids = [.. Enumerable.Range(0, Sentences).Select(_ => Enumerable.Range(0, Shortest + (int)(random.NextDouble() * (Longest - Shortest + 1))).Select(_ => (int)(random.NextDouble() * config.Vocabulary)).ToArray())];
        _ = SentenceEncoder.Embed(model, new SentenceSettings(), ids[..32], [], default);
        double peak = Machine.PeakGflops(WorkerPool.Default);
        double seconds = Machine.Once(() => SentenceEncoder.Embed(model, new SentenceSettings(), ids, [], default));
        double work = 2.0 * ids.Sum(sentence => (double)ForwardCost.Run(config, 1, sentence.Length, 0));
        Console.WriteLine($"embeddings, {Sentences} sentences of {Shortest} to {Longest} tokens, 12 layers 768 wide, {WorkerPool.Default.Threads} thread(s)");
        Console.WriteLine($"{Sentences / seconds:F0} sentences/s, {work / seconds / 1e9:F0} GFLOP/s = {work / seconds / 1e9 / peak:P0} of the FMA peak {peak:F0} (target 60 %)");
    }
}
