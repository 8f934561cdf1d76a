using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>The matrix products of one forward pass and nothing else: the same calls, on the same weights, in the same order.</summary>
internal sealed unsafe class ForwardProducts
{
    // As the forward pass cuts attention.
    private const int QueryBlock = 64;

    private readonly TransformerNetwork network;
    private readonly int batch;
    private readonly int length;
    private readonly NativeBuffer<float> x;
    private readonly NativeBuffer<float> y;
    private readonly NativeBuffer<float> logits;
    private readonly NativeBuffer<float> square;

    public ForwardProducts(TransformerNetwork network, int batch, int length)
    {
        NetworkConfig c = network.Config;
        this.network = network;
        this.batch = batch;
        this.length = length;
        int widest = Math.Max(c.DMlp, Math.Max(c.DModel, c.Heads * c.DHead));
        x = BenchModels.Values(batch * length * widest);
        y = BenchModels.Values(batch * length * widest);
        logits = new NativeBuffer<float>(batch * length * c.Vocabulary);
        square = BenchModels.Values(network.Pool.Threads * QueryBlock * length);
    }

    /// <summary>Multiply-adds count as two operations.</summary>
    public double Operations
    {
        get
        {
            NetworkConfig c = network.Config;
            double rows = (double)batch * length;
            double weights = (2.0 * c.DModel * c.DHead * (c.Heads + c.KeyValueHeads)) + ((c.GatedMlp ? 3.0 : 2.0) * c.DModel * c.DMlp);
            double keys = Enumerable.Range(0, (length + QueryBlock - 1) / QueryBlock)
                .Sum(block => Math.Min(QueryBlock, length - (block * QueryBlock)) * (double)Math.Min(length, (block + 1) * QueryBlock));
            return (2 * rows * ((c.Layers * weights) + ((double)c.DModel * c.Vocabulary))) + (4.0 * c.Layers * batch * c.Heads * c.DHead * keys);
        }
    }

    public void Run()
    {
        foreach (BlockWeights block in network.Weights.Blocks)
        {
            Linear(block.Attention.Value, y);
            Linear(block.Attention.Query, y);
            Linear(block.Attention.Key, y);
            Attend();
            Linear(block.Attention.Output, y);
            MlpWeights mlp = block.Mlp!;
            if (mlp.Gate is not null)
            {
                Linear(mlp.Gate, y);
            }

            Linear(mlp.In, y);
            Linear(mlp.Out, y);
        }

        Linear(network.Weights.Unembedding, logits);
        GC.KeepAlive(this);
    }

    /// <summary>The products of attention alone.</summary>
    public void Attention()
    {
        foreach (BlockWeights _ in network.Weights.Blocks)
        {
            Attend();
        }
    }

    private void Attend()
    {
        AttentionProducts attention = new(this);
        network.Pool.For(batch * network.Config.Heads * ((length + QueryBlock - 1) / QueryBlock), ref attention);
    }

    private void Linear(LinearWeights linear, NativeBuffer<float> target)
    {
        int rows = batch * length;
        int inputs = linear.Weight.Columns;
        int outputs = linear.Weight.Rows;
        fixed (float* bias = linear.Bias is { } vector ? vector.Float32 : default)
        {
            MatrixProduct.Linear(
                network.Pool, new MatrixView<float>(x.Pointer, rows, inputs, inputs), linear.Weight, bias, new MatrixView<float>(target.Pointer, rows, outputs, outputs));
        }
    }

    private readonly struct AttentionProducts(ForwardProducts products) : IParallelWork
    {
        [ThreadStatic]
        private static NativeBuffer<float>? scores;

        public void Invoke(int index)
        {
            NetworkConfig c = products.network.Config;
            int blocks = (products.length + QueryBlock - 1) / QueryBlock;
            int first = index % blocks * QueryBlock;
            int head = index / blocks % c.Heads;
            int sequence = index / blocks / c.Heads;
            int keyHead = head / (c.Heads / c.KeyValueHeads);
            int count = Math.Min(QueryBlock, products.length - first);
            int keys = first + count;
            if (scores is null || scores.Length < count * keys)
            {
                scores = BenchModels.Values(QueryBlock * products.length);
            }

            float* x = products.x.Pointer;
            MatrixView<float> queries = new(x + ((((sequence * products.length) + first) * c.Heads) + head) * c.DHead, count, c.DHead, c.Heads * c.DHead);
            MatrixView<float> shared = new(x + ((sequence * products.length * c.KeyValueHeads) + keyHead) * c.DHead, keys, c.DHead, c.KeyValueHeads * c.DHead);
            MatrixView<float> pattern = new(scores.Pointer, count, keys, keys);
            MatrixView<float> mixed = queries with { Data = (nint)products.y.Pointer + queries.Data - (nint)x };
            MatrixProduct.Multiply(null, queries, shared.Transpose(), pattern, 0.125f);
            MatrixProduct.Multiply(null, pattern, shared, mixed, 1f);
        }
    }
}
