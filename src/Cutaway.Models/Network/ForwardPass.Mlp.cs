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
            ReadStream(HookKind.MlpNormScale, layer, norm, source, read);
        }
        else if (hooked)
        {
            ReadStream(HookKind.MlpNormScale, layer, block.AttentionNorm, source, read);
        }

        if (block.Experts is { } experts)
        {
            Experts(layer, experts, written);
        }
        else
        {
            Neurons(layer, block.Mlp!, read, rows, written);
        }

        Multiply(written, T.CreateTruncating(c.ResidualScale), d);
        if (c.PostNorms)
        {
            Norm(HookKind.MlpPostNormScale, layer, block.MlpPostNorm, written, rows, written);
        }

        Visit(HookKind.MlpOut, layer, written, batch, length, d);
    }

    /// <summary>What the neurons of an MLP write.</summary>
    /// <param name="layer">The block whose hooks look on, or -1 for none.</param>
    /// <param name="mlp">The MLP.</param>
    /// <param name="x">[count, d_model], normalised.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="target">[count, d_model].</param>
    /// <param name="limit">What holds gate and up (gpt-oss), or null.</param>
    private void Neurons(int layer, MlpWeights mlp, Scratch x, int count, Scratch target, double? limit = null)
    {
        (int batch, int length, int width) = (request.Batch, request.Length, mlp.In.Weight.Rows);
        Linear(x, count, mlp.Gate ?? mlp.In, pre);
        Visit(HookKind.MlpPre, layer, pre, batch, length, width);
        bool gated = mlp.Gate is not null;
        if (gated)
        {
            Linear(x, count, mlp.In, preLinear);
            Visit(HookKind.MlpPreLinear, layer, preLinear, batch, length, width);
        }

        if (limit is { } bound)
        {
            T high = T.CreateTruncating(bound);
            Clamp(pre, T.NegativeInfinity, high, width);
            Clamp(preLinear, -high, high, width, shift: T.One);
        }

        ActivationOperation<T>? by = tape is null ? null : ActivationOperation<T>.Record(tape, config.Activation, pre.Variable, gated ? preLinear.Variable : null, width);
        T* before = pre.Pointer;
        ActivationWork work = new(config.Activation, before, gated ? preLinear.Pointer : null, Reserve(pre, count, width, by), width);
        network.Pool.ForRows(count, 4L * count * width, ref work);
        Visit(HookKind.MlpPost, layer, pre, batch, length, width);
        Linear(pre, count, mlp.Out, target);
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
