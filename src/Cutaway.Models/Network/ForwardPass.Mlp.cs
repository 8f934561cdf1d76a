using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch mlpIn = new();
    private readonly Scratch pre = new();
    private readonly Scratch preLinear = new();

    /// <summary>Computes what the MLP adds to the residual stream, into <c>written</c>.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="block">Its weights.</param>
    /// <param name="norm">The norm of its input; where block and attention share one norm, attention's normalised input is read again.</param>
    private void Mlp(int layer, BlockWeights block, NormWeights? norm)
    {
        NetworkConfig c = config;
        MlpWeights mlp = block.Mlp!;
        int d = c.DModel;
        int batch = request.Batch;
        int length = request.Length;
        Scratch source = residual;
        bool hooked = Wants(HookKind.MlpIn, layer);
        if (hooked)
        {
            source = mlpIn;
            CopyPerHead(residual, mlpIn, heads: 1);
            Visit(HookKind.MlpIn, layer, mlpIn, batch, length, d);
        }

        if (c.Block != BlockKind.ParallelSharedNorm)
        {
            Norm(HookKind.MlpNormScale, layer, norm, source, rows, read);
        }
        else if (hooked)
        {
            Norm(HookKind.MlpNormScale, layer, block.AttentionNorm, source, rows, read);
        }

        Linear(read, rows, mlp.Gate ?? mlp.In, pre);
        Visit(HookKind.MlpPre, layer, pre, batch, length, c.DMlp);
        bool gated = mlp.Gate is not null;
        if (gated)
        {
            Linear(read, rows, mlp.In, preLinear);
            Visit(HookKind.MlpPreLinear, layer, preLinear, batch, length, c.DMlp);
        }

        ActivationOperation<T>? by = tape is null ? null : ActivationOperation<T>.Record(tape, c.Activation, pre.Variable, gated ? preLinear.Variable : null, c.DMlp);
        T* before = pre.Pointer;
        ActivationWork work = new(c.Activation, before, gated ? preLinear.Pointer : null, Reserve(pre, rows, c.DMlp, by), c.DMlp);
        network.Pool.ForRows(rows, 4L * rows * c.DMlp, ref work);
        Visit(HookKind.MlpPost, layer, pre, batch, length, c.DMlp);
        Linear(pre, rows, mlp.Out, written);
        Multiply(written, T.CreateTruncating(c.ResidualScale), d);
        if (c.PostNorms)
        {
            Norm(HookKind.MlpPostNormScale, layer, block.MlpPostNorm, written, rows, written);
        }

        Visit(HookKind.MlpOut, layer, written, batch, length, d);
    }

    private readonly struct ActivationWork(ActivationKind kind, T* pre, T* up, T* post, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            nint at = (nint)index * width;
            ReadOnlySpan<T> values = new(pre + at, width);
            Span<T> result = new(post + at, width);
            if (up is null)
            {
                Activations.Apply(kind, values, result);
            }
            else
            {
                Activations.ApplyGated(kind, values, new ReadOnlySpan<T>(up + at, width), result);
            }
        }
    }
}
