using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

/// <summary>
/// The one forward pass of every network. An instance keeps its working memory from run to run, so that generating a token
/// allocates nothing; it serves one run at a time.
/// </summary>
/// <typeparam name="T">float, or double for the fp64 mode.</typeparam>
public sealed unsafe partial class ForwardPass<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly TransformerNetwork network;
    private readonly NetworkConfig config;
    private readonly int[] shape = new int[4];
    private readonly Scratch residual = new();
    private readonly Scratch normalized = new();
    private readonly Scratch scales = new();
    private readonly Scratch read = new();
    private readonly Scratch written = new();
    private readonly Scratch logits = new();
    private readonly Scratch positionVectors = new();

    private ForwardRequest request;
    private IActivationListener<T>? listener;
    private int rows;
    private int past;
    private int span;
    private bool[]? mask;
    private int[] positions = [];

    /// <summary>Prepares a pass over a network.</summary>
    public ForwardPass(TransformerNetwork network)
    {
        this.network = network;
        config = network.Config;
    }

    /// <summary>The network.</summary>
    public TransformerNetwork Network => network;

    /// <summary>
    /// The logits of the last run: [batch, pos, vocab] for <see cref="LogitScope.All"/>, [batch, vocab] for
    /// <see cref="LogitScope.Last"/>; valid until the next run.
    /// </summary>
    public ReadOnlySpan<T> Logits => logits.Span;

    /// <summary>Runs the network.</summary>
    /// <param name="input">Tokens, mask, cache, and the logits wanted.</param>
    /// <param name="visitor">Reads and changes activations, or null.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="CutawayException">The tokens or the mask do not fit the network.</exception>
    public void Run(in ForwardRequest input, IActivationListener<T>? visitor = null, CancellationToken cancellation = default)
    {
        Begin(input, visitor);
        Embed();
        NetworkWeights weights = network.Effective;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Finished(network.Hooks.IndexOf(HookKind.ResidPre, layer)))
            {
                break;
            }

            Block(layer, weights.Blocks[layer]);
        }

        request.Cache?.Length += request.Length;
        cancellation.ThrowIfCancellationRequested();
        Unembed(weights);
        listener = null;
        GC.KeepAlive(network);
    }

    /// <summary>The logits of residual streams as they stand: through the final norm and the unembedding (the logit lens; nostalgebraist 2020).</summary>
    /// <param name="residuals">[count, d_model].</param>
    /// <param name="count">How many.</param>
    /// <param name="result">[count, vocab].</param>
    public void Project(ReadOnlySpan<T> residuals, int count, Span<T> result)
    {
        listener = null;
        rows = -1;
        int d = config.DModel;
        if (residuals.Length != count * d || result.Length != count * config.Vocabulary)
        {
            throw new ArgumentException($"[{count}, {d}] residuals and [{count}, {config.Vocabulary}] logits were expected", nameof(residuals));
        }

        T* y = read.Reserve(count * d);
        fixed (T* x = residuals)
        {
            Norm(HookKind.FinalNormScale, -1, network.Effective.FinalNorm, x, count, y);
        }

        fixed (T* target = result)
        {
            Linear(y, count, d, network.Effective.Unembedding, target, config.Vocabulary);
        }

        if (config.LogitSoftCap is double cap)
        {
            SoftCap(result, T.CreateTruncating(cap));
        }
    }

    private bool Finished(int next) => request.Logits == LogitScope.None && (listener is null || listener.Last < next) && request.Cache is null;

    private void Begin(in ForwardRequest input, IActivationListener<T>? visitor)
    {
        request = input;
        listener = visitor;
        rows = input.Batch * input.Length;
        past = input.Cache?.Length ?? 0;
        if (input.Length == 0 || input.Batch == 0)
        {
            throw CutawayException.Input("the prompt has no tokens; give at least one");
        }

        if (input.Tokens.Length != rows)
        {
            throw CutawayException.Input($"{input.Tokens.Length} ids do not fill a batch of {input.Batch} sequences of {input.Length}");
        }

        if (input.Cache is { } cache && (cache.Batch != input.Batch || past + input.Length > cache.Capacity))
        {
            throw CutawayException.Input($"the key/value cache holds {cache.Batch} sequences of at most {cache.Capacity} positions; {input.Batch} of {past + input.Length} were asked for");
        }

        foreach (int id in input.Tokens.Span)
        {
            if ((uint)id >= (uint)config.Vocabulary)
            {
                throw CutawayException.Input($"token id {id} is outside the vocabulary of {config.Vocabulary} (0 to {config.Vocabulary - 1})");
            }
        }

        SetPositions();
    }

    private void SetPositions()
    {
        int total = past + request.Length;
        mask = null;
        if (!request.AttentionMask.IsEmpty)
        {
            if (request.AttentionMask.Length != request.Batch * total)
            {
                throw CutawayException.Input($"the attention mask has {request.AttentionMask.Length} entries; {request.Batch} × {total} were expected");
            }

            mask = MemoryMarshal.TryGetArray(request.AttentionMask, out ArraySegment<bool> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
                ? segment.Array
                : request.AttentionMask.ToArray();
        }

        if (positions.Length < rows)
        {
            positions = new int[rows];
        }

        span = 1;
        for (int b = 0; b < request.Batch; b++)
        {
            int position = 0;
            for (int i = 0; i < total; i++)
            {
                bool real = mask is null || mask[(b * total) + i];
                if (i >= past)
                {
                    positions[(b * request.Length) + i - past] = real ? position : 0;
                }

                position += real ? 1 : 0;
            }

            span = Math.Max(span, position);
            int limit = config.Positions is PositionKind.Learned or PositionKind.Shortformer ? network.Weights.Positions!.Rows : int.MaxValue;
            if (position > limit)
            {
                throw CutawayException.Input($"the prompt has {position} tokens; this network has positions for {limit}");
            }
        }
    }

    private void Embed()
    {
        int d = config.DModel;
        NetworkWeights weights = network.Effective;
        T* x = residual.Reserve(rows * d);
        ReadOnlySpan<int> tokens = request.Tokens.Span;
        for (int row = 0; row < rows; row++)
        {
            weights.Embedding.DecodeRow(tokens[row], new Span<T>(x + (row * d), d));
        }

        if (config.EmbeddingScale != 1)
        {
            TensorPrimitives.Multiply(residual.Span, T.CreateTruncating(config.EmbeddingScale), residual.Span);
        }

        Visit(HookKind.Embed, -1, residual.Span, request.Batch, request.Length, d);
        if (config.Positions is PositionKind.Learned or PositionKind.Shortformer)
        {
            T* vectors = positionVectors.Reserve(rows * d);
            for (int row = 0; row < rows; row++)
            {
                weights.Positions!.DecodeRow(positions[row], new Span<T>(vectors + (row * d), d));
            }

            Visit(HookKind.PositionEmbed, -1, positionVectors.Span, request.Batch, request.Length, d);
            if (config.Positions == PositionKind.Learned)
            {
                TensorPrimitives.Add(residual.Span, positionVectors.Span, residual.Span);
            }
        }
    }

    private void Block(int layer, BlockWeights block)
    {
        int d = config.DModel;
        Visit(HookKind.ResidPre, layer, residual.Span, request.Batch, request.Length, d);
        if (Finished(network.Hooks.IndexOf(HookKind.ResidPre, layer) + 1))
        {
            return;
        }

        if (config.Block == BlockKind.Sequential)
        {
            Attend(layer, block);
            TensorPrimitives.Add(residual.Span, written.Span, residual.Span);
            if (block.Mlp is not null)
            {
                Visit(HookKind.ResidMid, layer, residual.Span, request.Batch, request.Length, d);
                if (!Finished(network.Hooks.IndexOf(HookKind.MlpIn, layer)))
                {
                    Mlp(layer, block, block.MlpNorm);
                    TensorPrimitives.Add(residual.Span, written.Span, residual.Span);
                }
            }
        }
        else
        {
            // The MLP reads the block's input, so attention's part waits until the MLP has read.
            Attend(layer, block);
            T* attention = parallelPart.Reserve(rows * d);
            written.Span.CopyTo(new Span<T>(attention, rows * d));
            Mlp(layer, block, config.Block == BlockKind.Parallel ? block.MlpNorm : null);
            TensorPrimitives.Add(written.Span, parallelPart.Span, written.Span);
            TensorPrimitives.Add(residual.Span, written.Span, residual.Span);
        }

        Visit(HookKind.ResidPost, layer, residual.Span, request.Batch, request.Length, d);
    }

    private void Unembed(NetworkWeights weights)
    {
        int d = config.DModel;
        bool hooked = Wants(HookKind.FinalNormScale, -1) || Wants(HookKind.FinalNormNormalized, -1) || Wants(HookKind.UnembedIn, -1);
        bool hookedLogits = Wants(HookKind.UnembedOut, -1);
        if (request.Logits == LogitScope.None && !hooked && !hookedLogits)
        {
            logits.Reserve(0);
            return;
        }

        bool all = hooked || hookedLogits || request.Logits == LogitScope.All;
        T* x = all ? residual.Pointer : GatherLast();
        int count = all ? rows : request.Batch;
        T* y = read.Reserve(count * d);
        Norm(HookKind.FinalNormScale, -1, weights.FinalNorm, x, count, y);
        if (all)
        {
            Visit(HookKind.UnembedIn, -1, read.Span, request.Batch, request.Length, d);
        }

        if (request.Logits == LogitScope.None && !hookedLogits)
        {
            logits.Reserve(0);
            return;
        }

        if (all && request.Logits == LogitScope.Last && !hookedLogits)
        {
            // A hook saw every position, but only the last ones' logits are wanted.
            for (int b = 0; b < request.Batch; b++)
            {
                new Span<T>(y + (LastRow(b) * d), d).CopyTo(new Span<T>(y + (b * d), d));
            }

            count = request.Batch;
        }

        int vocabulary = config.Vocabulary;
        T* target = logits.Reserve(checked(count * vocabulary));
        Linear(y, count, d, weights.Unembedding, target, vocabulary);
        if (config.LogitSoftCap is double cap)
        {
            SoftCap(logits.Span, T.CreateTruncating(cap));
        }

        if (hookedLogits)
        {
            Visit(HookKind.UnembedOut, -1, logits.Span, request.Batch, request.Length, vocabulary);
            if (request.Logits == LogitScope.Last)
            {
                for (int b = 0; b < request.Batch; b++)
                {
                    new Span<T>(target + ((nint)LastRow(b) * vocabulary), vocabulary).CopyTo(new Span<T>(target + ((nint)b * vocabulary), vocabulary));
                }

                logits.Reserve(request.Batch * vocabulary);
            }
        }
    }

    // The last real position of a sequence: padding on the right does not count.
    private int LastRow(int b)
    {
        int total = past + request.Length;
        int last = total - 1;
        while (mask is not null && last > past && !mask[(b * total) + last])
        {
            last--;
        }

        return (b * request.Length) + last - past;
    }

    private T* GatherLast()
    {
        int d = config.DModel;
        T* gathered = parallelPart.Reserve(request.Batch * d);
        for (int b = 0; b < request.Batch; b++)
        {
            new Span<T>(residual.Pointer + (LastRow(b) * d), d).CopyTo(new Span<T>(gathered + (b * d), d));
        }

        return gathered;
    }

    /// <summary>Normalises rows of d_model values, shows scale and normalized value to hooks if all positions are there, and applies weight and bias.</summary>
    private void Norm(HookKind scaleKind, int layer, NormWeights? norm, T* x, int count, T* y)
    {
        int d = config.DModel;
        if (config.Norm == NormKind.None)
        {
            new Span<T>(x, count * d).CopyTo(new Span<T>(y, count * d));
            return;
        }

        T* n = normalized.Reserve(count * d);
        T* s = scales.Reserve(count);
        NormWork work = new(config.Norm, T.CreateTruncating(config.NormEpsilon), x, n, s, d);
        network.Pool.ForRows(count, count * d, ref work);
        if (count == rows)
        {
            // A hook on the scale divides anew, as the network would have.
            if (Visit(scaleKind, layer, scales.Span, request.Batch, request.Length, 1))
            {
                RescaleWork rescale = new(config.Norm, x, n, s, d);
                network.Pool.ForRows(count, count * d, ref rescale);
            }

            Visit(scaleKind + 1, layer, normalized.Span, request.Batch, request.Length, d);
        }

        ReadOnlySpan<T> weight = Values(norm?.Weight);
        ReadOnlySpan<T> bias = Values(norm?.Bias);
        for (int row = 0; row < count; row++)
        {
            Normalization.Affine(new ReadOnlySpan<T>(n + (row * d), d), weight, bias, new Span<T>(y + (row * d), d));
        }
    }

    private bool Wants(HookKind kind, int layer)
    {
        int index = network.Hooks.IndexOf(kind, layer);
        return index >= 0 && listener is not null && listener.Wants(index);
    }

    private bool Visit(HookKind kind, int layer, Span<T> values, int extent0, int extent1, int extent2, int extent3 = -1)
    {
        if (listener is null)
        {
            return false;
        }

        int index = network.Hooks.IndexOf(kind, layer);
        if (index < 0 || !listener.Wants(index))
        {
            return false;
        }

        shape[0] = extent0;
        shape[1] = extent1;
        shape[2] = extent2;
        shape[3] = extent3;
        listener.Visit(new Activation<T>
        {
            Point = network.Hooks.Points[index],
            Values = values,
            Shape = shape.AsSpan(0, extent3 < 0 ? 3 : 4),
            Past = past,
        });
        return true;
    }

    private void Linear(T* x, int count, int width, LinearWeights linear, T* y, int outputs)
    {
        fixed (T* bias = Values(linear.Bias))
        {
            MatrixProduct.Linear(network.Pool, new MatrixView<T>(x, count, width, width), linear.Weight, bias, new MatrixView<T>(y, count, outputs, outputs));
        }
    }

    private static ReadOnlySpan<T> Values(WeightVector? vector)
    {
        if (vector is null)
        {
            return default;
        }

        return typeof(T) == typeof(float)
            ? MemoryMarshal.Cast<float, T>(vector.Float32)
            : MemoryMarshal.Cast<double, T>(vector.Float64);
    }

    private static void SoftCap(Span<T> values, T cap)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = cap * T.Tanh(values[i] / cap);
        }
    }

    /// <summary>Working memory that grows to what was needed most and is reused.</summary>
    private sealed class Scratch
    {
        private NativeBuffer<T>? buffer;
        private int length;

        public T* Pointer => buffer is null ? null : buffer.Pointer;

        public Span<T> Span => buffer is null ? default : buffer.Span[..length];

        public T* Reserve(int count)
        {
            if (buffer is null || buffer.Length < count)
            {
                buffer = new NativeBuffer<T>(count);
            }

            length = count;
            return buffer.Pointer;
        }
    }
}
