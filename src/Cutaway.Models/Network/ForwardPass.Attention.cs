using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch queries = new();
    private readonly Scratch keys = new();
    private readonly Scratch values = new();
    private readonly Scratch headScales = new();
    private readonly Scratch square = new();
    private readonly Scratch mixed = new();
    private readonly Scratch perHead = new();
    private readonly Scratch perHeadNormalized = new();
    private readonly Scratch outputWeights = new();
    private readonly Scratch parallelPart = new();
    private readonly RotaryTables rotary = new();

    /// <summary>Computes what attention adds to the residual stream, into <c>written</c>.</summary>
    private void Attend(int layer, BlockWeights block)
    {
        NetworkConfig c = config;
        AttentionWeights weights = block.Attention;
        int d = c.DModel;
        int batch = request.Batch;
        int length = request.Length;
        int queryWidth = c.Heads * c.DHead;
        int keyWidth = c.KeyValueHeads * c.DHead;
        T* q = queries.Reserve(rows * queryWidth);
        T* k = keys.Reserve(rows * keyWidth);
        T* v = values.Reserve(rows * keyWidth);

        bool splitAll = Wants(HookKind.AttentionIn, layer);
        bool splitQuery = splitAll || Wants(HookKind.QueryInput, layer);
        bool splitKey = splitAll || Wants(HookKind.KeyInput, layer);
        bool splitValue = splitAll || Wants(HookKind.ValueInput, layer);
        if (splitAll)
        {
            CopyPerHead(perHead.Reserve(rows * c.Heads * d), c.Heads);
            Visit(HookKind.AttentionIn, layer, perHead.Span, batch, length, c.Heads, d);
        }

        if (splitQuery)
        {
            ProjectPerHead(HookKind.QueryInput, layer, block.AttentionNorm, weights.Query, c.Heads, splitAll, q);
        }

        if (splitKey)
        {
            ProjectPerHead(HookKind.KeyInput, layer, block.AttentionNorm, weights.Key, c.KeyValueHeads, splitAll, k);
        }

        if (splitValue)
        {
            ProjectPerHead(HookKind.ValueInput, layer, block.AttentionNorm, weights.Value, c.KeyValueHeads, splitAll, v);
        }

        T* x = read.Reserve(rows * d);
        Norm(HookKind.AttentionNormScale, layer, block.AttentionNorm, residual.Pointer, rows, x);
        if (!splitValue)
        {
            Linear(x, rows, d, weights.Value, v, keyWidth);
        }

        if (c.Positions == PositionKind.Shortformer)
        {
            System.Numerics.Tensors.TensorPrimitives.Add(read.Span, positionVectors.Span, read.Span);
        }

        if (!splitQuery)
        {
            Linear(x, rows, d, weights.Query, q, queryWidth);
        }

        if (!splitKey)
        {
            Linear(x, rows, d, weights.Key, k, keyWidth);
        }

        Visit(HookKind.Query, layer, queries.Span, batch, length, c.Heads, c.DHead);
        Visit(HookKind.Key, layer, keys.Span, batch, length, c.KeyValueHeads, c.DHead);
        Visit(HookKind.Value, layer, values.Span, batch, length, c.KeyValueHeads, c.DHead);
        if (c.HeadNorms)
        {
            NormHeads(HookKind.QueryNormScale, layer, weights.QueryNorm, queries, c.Heads);
            NormHeads(HookKind.KeyNormScale, layer, weights.KeyNorm, keys, c.KeyValueHeads);
        }

        if (c.LayerConfigs[layer].Rotary is { } rotation)
        {
            (NativeBuffer<T> cosines, NativeBuffer<T> sines) = rotary.For<T>(rotation, span);
            RotateWork rotate = new(q, positions, cosines.Pointer, sines.Pointer, rotation.Frequencies.Count, rotation.Interleaved, c.Heads, c.DHead);
            network.Pool.ForRows(rows, rows * queryWidth, ref rotate);
            rotate = rotate with { X = (nint)k, Heads = c.KeyValueHeads };
            network.Pool.ForRows(rows, rows * keyWidth, ref rotate);
            Visit(HookKind.RotatedQuery, layer, queries.Span, batch, length, c.Heads, c.DHead);
            Visit(HookKind.RotatedKey, layer, keys.Span, batch, length, c.KeyValueHeads, c.DHead);
        }

        Mix(layer);
        Visit(HookKind.Z, layer, mixed.Span, batch, length, c.Heads, c.DHead);
        WriteAttention(layer, block);
    }

    /// <summary>Scores, pattern and the mix of values, into <c>mixed</c>: in one sweep, or step by step where a hook looks on.</summary>
    private void Mix(int layer)
    {
        NetworkConfig c = config;
        int total = past + request.Length;
        T* z = mixed.Reserve(rows * c.Heads * c.DHead);
        T* k = keys.Pointer;
        T* v = values.Pointer;
        int capacity = request.Length;
        if (request.Cache is { } cache)
        {
            k = Append(cache.Keys<T>(layer).Pointer, k, cache.Capacity);
            v = Append(cache.Values<T>(layer).Pointer, v, cache.Capacity);
            capacity = cache.Capacity;
        }

        LayerConfig settings = c.LayerConfigs[layer];
        fixed (bool* seen = mask)
        {
            AttentionWork work = new()
            {
                Q = queries.Pointer,
                K = k,
                V = v,
                Z = z,
                Mask = seen,
                Heads = c.Heads,
                KeyHeads = c.KeyValueHeads,
                DHead = c.DHead,
                Length = request.Length,
                Past = past,
                Capacity = capacity,
                Window = settings.Window ?? int.MaxValue,
                Scale = T.CreateTruncating(settings.AttentionScale),
                SoftCap = T.CreateTruncating(c.ScoreSoftCap ?? 0),
            };
            bool observed = Wants(HookKind.AttentionScores, layer) || Wants(HookKind.Pattern, layer);
            if (!observed)
            {
                int blocks = (request.Length + AttentionWork.QueryBlock - 1) / AttentionWork.QueryBlock;
                network.Pool.ForRows(request.Batch * c.Heads * blocks, checked(rows * c.Heads * (total + c.DHead)), ref work);
                return;
            }

            work.Square = square.Reserve(checked(request.Batch * c.Heads * request.Length * total));
            work.Step = AttentionStep.Scores;
            network.Pool.ForRows(request.Batch * c.Heads, square.Span.Length, ref work);
            Visit(HookKind.AttentionScores, layer, square.Span, request.Batch, c.Heads, request.Length, total);
            work.Step = AttentionStep.Pattern;
            network.Pool.ForRows(request.Batch * c.Heads, square.Span.Length, ref work);
            Visit(HookKind.Pattern, layer, square.Span, request.Batch, c.Heads, request.Length, total);
            work.Step = AttentionStep.Values;
            network.Pool.ForRows(request.Batch * c.Heads, square.Span.Length, ref work);
        }
    }

    private T* Append(T* store, T* fresh, int capacity)
    {
        int width = config.KeyValueHeads * config.DHead;
        int count = request.Length * width;
        for (int b = 0; b < request.Batch; b++)
        {
            new ReadOnlySpan<T>(fresh + (b * count), count).CopyTo(new Span<T>(store + ((nint)((b * capacity) + past) * width), count));
        }

        return store;
    }

    private void WriteAttention(int layer, BlockWeights block)
    {
        NetworkConfig c = config;
        int d = c.DModel;
        int width = c.Heads * c.DHead;
        T* target = written.Reserve(rows * d);
        if (Wants(HookKind.Result, layer))
        {
            WriteHeads(layer, block.Attention.Output, target);
        }
        else
        {
            Linear(mixed.Pointer, rows, width, block.Attention.Output, target, d);
        }

        if (c.PostNorms)
        {
            Norm(HookKind.AttentionPostNormScale, layer, block.AttentionPostNorm, target, rows, target);
        }

        Visit(HookKind.AttentionOut, layer, written.Span, request.Batch, request.Length, d);
    }

    /// <summary>The same sum head by head, so that a hook can see and change each head's part.</summary>
    private void WriteHeads(int layer, LinearWeights output, T* target)
    {
        NetworkConfig c = config;
        int d = c.DModel;
        int width = c.Heads * c.DHead;
        T* matrix = outputWeights.Reserve(d * width);
        for (int row = 0; row < d; row++)
        {
            output.Weight.DecodeRow(row, new Span<T>(matrix + (row * width), width));
        }

        T* result = perHead.Reserve(rows * c.Heads * d);
        for (int head = 0; head < c.Heads; head++)
        {
            MatrixProduct.Multiply(
                network.Pool,
                new MatrixView<T>(mixed.Pointer + (head * c.DHead), rows, c.DHead, width),
                new MatrixView<T>(matrix + (head * c.DHead), d, c.DHead, width).Transpose(),
                new MatrixView<T>(result + (head * d), rows, d, c.Heads * d),
                T.One);
        }

        Visit(HookKind.Result, layer, perHead.Span, request.Batch, request.Length, c.Heads, d);
        ReadOnlySpan<T> bias = Values(output.Bias);
        for (int row = 0; row < rows; row++)
        {
            Span<T> sum = new(target + (row * d), d);
            if (bias.IsEmpty)
            {
                sum.Clear();
            }
            else
            {
                bias.CopyTo(sum);
            }

            for (int head = 0; head < c.Heads; head++)
            {
                System.Numerics.Tensors.TensorPrimitives.Add(sum, new ReadOnlySpan<T>(result + (((row * c.Heads) + head) * d), d), sum);
            }
        }
    }

    private void CopyPerHead(T* target, int heads)
    {
        int d = config.DModel;
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                new ReadOnlySpan<T>(residual.Pointer + (row * d), d).CopyTo(new Span<T>(target + (((row * heads) + head) * d), d));
            }
        }
    }

    /// <summary>Queries, keys or values whose heads each read a residual stream of their own, normalised head by head.</summary>
    private void ProjectPerHead(HookKind kind, int layer, NormWeights? norm, LinearWeights linear, int heads, bool keep, T* target)
    {
        int d = config.DModel;
        int count = rows * heads;
        T* input = keep ? perHead.Pointer : perHead.Reserve(count * d);
        T* x = perHeadNormalized.Reserve(count * d);
        if (keep)
        {
            // hook_attn_in feeds all three projections, so this one works on a copy.
            new ReadOnlySpan<T>(input, count * d).CopyTo(new Span<T>(x, count * d));
        }
        else
        {
            CopyPerHead(x, heads);
        }

        Visit(kind, layer, perHeadNormalized.Span, request.Batch, request.Length, heads, d);
        for (int row = 0; row < count; row++)
        {
            Span<T> values = new(x + (row * d), d);
            if (config.Norm != NormKind.None)
            {
                _ = config.Norm == NormKind.Layer
                    ? Normalization.Layer<T>(values, values, T.CreateTruncating(config.NormEpsilon))
                    : Normalization.Rms<T>(values, values, T.CreateTruncating(config.NormEpsilon));
                Normalization.Affine(values, Values(norm?.Weight), Values(norm?.Bias), values);
            }

            if (config.Positions == PositionKind.Shortformer && kind != HookKind.ValueInput)
            {
                System.Numerics.Tensors.TensorPrimitives.Add(values, positionVectors.Span.Slice(row / heads * d, d), values);
            }
        }

        int dHead = config.DHead;
        fixed (T* bias = Values(linear.Bias))
        {
            for (int head = 0; head < heads; head++)
            {
                WeightMatrix part = linear.Weight.SliceRows(head * dHead, dHead);
                MatrixProduct.Linear(
                    network.Pool,
                    new MatrixView<T>(x + (head * d), rows, d, heads * d),
                    part,
                    bias is null ? null : bias + (head * dHead),
                    new MatrixView<T>(target + (head * dHead), rows, dHead, heads * dHead));
            }
        }
    }

    private void NormHeads(HookKind scaleKind, int layer, NormWeights? norm, Scratch target, int heads)
    {
        int dHead = config.DHead;
        int count = rows * heads;
        T* s = headScales.Reserve(count);
        T* source = target.Pointer;
        if (Wants(scaleKind, layer))
        {
            // Normalising in place would leave nothing to divide by a scale that the hook changes.
            source = perHead.Reserve(count * dHead);
            target.Span.CopyTo(perHead.Span);
        }

        NormWork work = new(NormKind.Rms, T.CreateTruncating(config.NormEpsilon), source, target.Pointer, s, dHead);
        network.Pool.ForRows(count, count * dHead, ref work);
        if (Visit(scaleKind, layer, headScales.Span, request.Batch, request.Length, heads, 1))
        {
            RescaleWork rescale = new(NormKind.Rms, source, target.Pointer, s, dHead);
            network.Pool.ForRows(count, count * dHead, ref rescale);
        }

        Visit(scaleKind + 1, layer, target.Span, request.Batch, request.Length, heads, dHead);
        ReadOnlySpan<T> weight = Values(norm?.Weight);
        ReadOnlySpan<T> bias = Values(norm?.Bias);
        for (int row = 0; row < count; row++)
        {
            Span<T> values = new(target.Pointer + (row * dHead), dHead);
            Normalization.Affine(values, weight, bias, values);
        }
    }
}
