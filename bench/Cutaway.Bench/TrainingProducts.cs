using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>The matrix products of one training step and nothing else, on weights of the same shapes: forward, and for each linear map dx = dy · w and dw = dyᵀ · x.</summary>
internal sealed unsafe class TrainingProducts
{
    // Logits are made and differentiated in blocks of about this many values.
    private const int LogitBlock = 1 << 21;

    private readonly TransformerNetwork network;
    private readonly ForwardProducts forward;
    private readonly int rows;
    private readonly NativeBuffer<float> x;
    private readonly NativeBuffer<float> y;
    private readonly NativeBuffer<float> dw;

    public TrainingProducts(NetworkParameters parameters, int batch, int length)
    {
        network = parameters.Network;
        forward = new ForwardProducts(network, batch, length);
        rows = batch * length;
        NetworkConfig c = network.Config;
        int widest = Math.Max(c.DMlp, Math.Max(c.DModel, c.Heads * c.DHead));
        x = BenchModels.Values(rows * widest);
        y = BenchModels.Values(Math.Max(rows * widest, LogitBlock));
        dw = BenchModels.Values(c.Vocabulary * c.DModel);
    }

    /// <summary>Multiply-adds count as two operations; the way back through attention is counted as twice the way there.</summary>
    public double Operations => 3 * forward.Operations;

    public void Run()
    {
        // Attention's way back has twice the products of its way there.
        forward.Run();
        forward.Attention();
        forward.Attention();
        foreach (BlockWeights block in network.Weights.Blocks)
        {
            MlpWeights mlp = block.Mlp!;
            foreach (LinearWeights? linear in (LinearWeights?[])[block.Attention.Query, block.Attention.Key, block.Attention.Value, block.Attention.Output, mlp.Gate, mlp.In, mlp.Out])
            {
                if (linear is not null)
                {
                    Back(linear.Weight, rows);
                }
            }
        }

        WeightMatrix unembedding = network.Weights.Unembedding.Weight;
        int atOnce = Math.Min(rows, LogitBlock / unembedding.Rows);
        for (int first = 0; first < rows; first += atOnce)
        {
            Back(unembedding, Math.Min(atOnce, rows - first));
        }

        GC.KeepAlive(this);
    }

    private void Back(WeightMatrix weight, int count)
    {
        MatrixView<float> inputs = new(x.Pointer, count, weight.Columns, weight.Columns);
        MatrixView<float> outputs = new(y.Pointer, count, weight.Rows, weight.Rows);
        MatrixProduct.LinearTransposed(network.Pool, outputs, weight, inputs);
        MatrixProduct.Multiply(network.Pool, outputs.Transpose(), inputs, new MatrixView<float>(dw.Pointer, weight.Rows, weight.Columns, weight.Columns), 1f);
    }
}
