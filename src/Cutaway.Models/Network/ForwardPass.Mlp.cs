using Cutaway.Tensors.Kernels;

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
        T* source = residual.Pointer;
        bool hooked = Wants(HookKind.MlpIn, layer);
        if (hooked)
        {
            source = mlpIn.Reserve(rows, d);
            residual.Span.CopyTo(mlpIn.Span);
            Visit(HookKind.MlpIn, layer, mlpIn.Span, batch, length, d);
        }

        T* x = read.Pointer;
        if (c.Block != BlockKind.ParallelSharedNorm)
        {
            x = read.Reserve(rows, d);
            Norm(HookKind.MlpNormScale, layer, norm, source, rows, x);
        }
        else if (hooked)
        {
            Norm(HookKind.MlpNormScale, layer, block.AttentionNorm, source, rows, x);
        }

        T* a = pre.Reserve(rows, c.DMlp);
        Linear(x, rows, d, mlp.Gate ?? mlp.In, a, c.DMlp);
        Visit(HookKind.MlpPre, layer, pre.Span, batch, length, c.DMlp);
        T* up = null;
        if (mlp.Gate is not null)
        {
            up = preLinear.Reserve(rows, c.DMlp);
            Linear(x, rows, d, mlp.In, up, c.DMlp);
            Visit(HookKind.MlpPreLinear, layer, preLinear.Span, batch, length, c.DMlp);
        }

        ActivationWork work = new(c.Activation, a, up, c.DMlp);
        network.Pool.ForRows(rows, 4L * rows * c.DMlp, ref work);
        Visit(HookKind.MlpPost, layer, pre.Span, batch, length, c.DMlp);
        T* target = written.Reserve(rows, d);
        Linear(a, rows, c.DMlp, mlp.Out, target, d);
        if (c.PostNorms)
        {
            Norm(HookKind.MlpPostNormScale, layer, block.MlpPostNorm, target, rows, target);
        }

        Visit(HookKind.MlpOut, layer, written.Span, batch, length, d);
    }

    private readonly struct ActivationWork(ActivationKind kind, T* pre, T* up, int width) : Cutaway.Tensors.Parallel.IParallelWork
    {
        public void Invoke(int index)
        {
            Span<T> values = new(pre + ((nint)index * width), width);
            if (up is null)
            {
                Activations.Apply<T>(kind, values, values);
            }
            else
            {
                Activations.ApplyGated<T>(kind, values, new ReadOnlySpan<T>(up + ((nint)index * width), width), values);
            }
        }
    }
}
