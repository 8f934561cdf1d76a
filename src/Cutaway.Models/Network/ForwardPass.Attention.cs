using System.Numerics.Tensors;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch queries = new();
    private readonly Scratch keys = new();
    private readonly Scratch values = new();
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
        T* q = queries.Reserve(rows, queryWidth);
        T* k = keys.Reserve(rows, keyWidth);
        T* v = values.Reserve(rows, keyWidth);

        bool splitAll = Wants(HookKind.AttentionIn, layer);
        bool splitQuery = splitAll || Wants(HookKind.QueryInput, layer);
        bool splitKey = splitAll || Wants(HookKind.KeyInput, layer);
        bool splitValue = splitAll || Wants(HookKind.ValueInput, layer);
        if (splitAll)
        {
            CopyPerHead(perHead.Reserve(rows, (long)c.Heads * d), c.Heads);
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

        T* x = read.Reserve(rows, d);
        Norm(HookKind.AttentionNormScale, layer, block.AttentionNorm, residual.Pointer, rows, x);
        if (!splitValue)
        {
            Linear(x, rows, d, weights.Value, v, keyWidth);
        }

        if (c.Positions == PositionKind.Shortformer)
        {
            TensorPrimitives.Add(read.Span, positionVectors.Span, read.Span);
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
            RotateWork rotate = new()
            {
                Queries = q,
                Keys = k,
                Positions = positions,
                Cosines = cosines.Pointer,
                Sines = sines.Pointer,
                Pairs = rotation.Frequencies.Count,
                Interleaved = rotation.Interleaved,
                Heads = c.Heads,
                KeyHeads = c.KeyValueHeads,
                DHead = c.DHead,
            };
            network.Pool.ForRows(rows, (long)rows * (queryWidth + keyWidth), ref rotate);
            Visit(HookKind.RotatedQuery, layer, queries.Span, batch, length, c.Heads, c.DHead);
            Visit(HookKind.RotatedKey, layer, keys.Span, batch, length, c.KeyValueHeads, c.DHead);
        }

        if (packed is null)
        {
            Mix(layer);
        }
        else
        {
            MixPacked(layer);
        }

        Visit(HookKind.Z, layer, mixed.Span, batch, length, c.Heads, c.DHead);
        WriteAttention(layer, block);
    }

    /// <summary>Scores, pattern and the mix of values, into <c>mixed</c>: in one sweep, or step by step where a hook looks on.</summary>
    private void Mix(int layer)
    {
        NetworkConfig c = config;
        int total = past + request.Length;
        T* z = mixed.Reserve(rows, c.Heads * c.DHead);
        T* k = keys.Pointer;
        T* v = values.Pointer;
        int capacity = request.Length;
        if (request.Cache is { } cache)
        {
            k = Append(cache.Keys<T>(layer).Pointer, k, cache.Capacity);
            v = Append(cache.Values<T>(layer).Pointer, v, cache.Capacity);
            capacity = cache.Capacity;
        }

        fixed (bool* seen = mask)
        {
            AttentionWork work = Work(layer, past, request.Length);
            work.Q = queries.Pointer;
            work.K = k;
            work.V = v;
            work.Z = z;
            work.Mask = seen;
            work.Capacity = capacity;
            int items = request.Batch * work.ItemsPerSequence;
            long size = (long)rows * c.Heads * (total + c.DHead);
            if (!Wants(HookKind.AttentionScores, layer) && !Wants(HookKind.Pattern, layer))
            {
                MultiplyAdds += request.Batch * work.MultiplyAdds;
                network.Pool.ForRows(items, size, ref work);
                return;
            }

            work.Square = square.Reserve((long)request.Batch * c.Heads, (long)request.Length * total);
            work.Step = AttentionStep.Scores;
            MultiplyAdds += request.Batch * work.MultiplyAdds;
            network.Pool.ForRows(items, size, ref work);
            Visit(HookKind.AttentionScores, layer, square.Span, request.Batch, c.Heads, request.Length, total);
            work.Step = AttentionStep.Pattern;
            network.Pool.ForRows(items, size, ref work);
            Visit(HookKind.Pattern, layer, square.Span, request.Batch, c.Heads, request.Length, total);
            work.Step = AttentionStep.Values;
            MultiplyAdds += request.Batch * work.MultiplyAdds;
            network.Pool.ForRows(items, size, ref work);
        }
    }

    // Attention of a layer over sequences of one length; where the values are is set by the caller.
    private AttentionWork Work(int layer, int before, int length) => new()
    {
        Heads = config.Heads,
        KeyHeads = config.KeyValueHeads,
        DHead = config.DHead,
        Length = length,
        Past = before,
        Window = config.LayerConfigs[layer].Window ?? int.MaxValue,
        Scale = T.CreateTruncating(config.LayerConfigs[layer].AttentionScale),
        SoftCap = T.CreateTruncating(config.ScoreSoftCap ?? 0),
    };

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
        T* target = written.Reserve(rows, d);
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
}
