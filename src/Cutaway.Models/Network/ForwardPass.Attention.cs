using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

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
    private readonly ScoreBiasTable scoreBias = new();

    /// <summary>Computes what attention adds to the residual stream.</summary>
    private void Attend(int layer, BlockWeights block, Scratch target)
    {
        NetworkConfig c = config;
        AttentionWeights weights = block.Attention;
        int d = c.DModel;
        int batch = request.Batch;
        int length = request.Length;

        bool splitAll = Wants(HookKind.AttentionIn, layer);
        bool splitQuery = splitAll || Wants(HookKind.QueryInput, layer);
        bool splitKey = splitAll || Wants(HookKind.KeyInput, layer);
        bool splitValue = splitAll || Wants(HookKind.ValueInput, layer);
        if (splitAll)
        {
            CopyPerHead(residual, perHead, c.Heads);
            Visit(HookKind.AttentionIn, layer, perHead, batch, length, c.Heads, d);
        }

        if (splitQuery)
        {
            ProjectPerHead(HookKind.QueryInput, layer, block.AttentionNorm, weights.Query, c.Heads, splitAll, queries);
        }

        if (splitKey)
        {
            ProjectPerHead(HookKind.KeyInput, layer, block.AttentionNorm, weights.Key, c.KeyValueHeads, splitAll, keys);
        }

        if (splitValue)
        {
            ProjectPerHead(HookKind.ValueInput, layer, block.AttentionNorm, weights.Value, c.KeyValueHeads, splitAll, values);
        }

        ReadStream(HookKind.AttentionNormScale, layer, block.AttentionNorm, residual, read);
        if (weights.Latent is { } latent)
        {
            ProjectLatent(layer, weights, latent);
        }
        else
        {
            Project(weights, splitQuery, splitKey, splitValue);
        }

        if (c.ProjectionBound is { } limit)
        {
            T bound = T.CreateTruncating(limit);
            Clamp(queries, -bound, bound, c.Heads * c.DHead);
            Clamp(keys, -bound, bound, c.KeyValueHeads * c.DHead);
            Clamp(values, -bound, bound, c.KeyValueHeads * c.DValue);
        }

        Visit(HookKind.Query, layer, queries, batch, length, c.Heads, c.DHead);
        Visit(HookKind.Key, layer, keys, batch, length, c.KeyValueHeads, c.DHead);
        Visit(HookKind.Value, layer, values, batch, length, c.KeyValueHeads, c.DValue);
        if (c.QueryKeyNorm != QueryKeyNorm.None)
        {
            NormHeads(HookKind.QueryNormScale, layer, weights.QueryNorm, queries, c.Heads);
            NormHeads(HookKind.KeyNormScale, layer, weights.KeyNorm, keys, c.KeyValueHeads);
        }

        if (c.LayerConfigs[layer].Rotary is { } rotation)
        {
            Rotate(rotation);
            Visit(HookKind.RotatedQuery, layer, queries, batch, length, c.Heads, c.DHead);
            Visit(HookKind.RotatedKey, layer, keys, batch, length, c.KeyValueHeads, c.DHead);
        }

        if (packed is null)
        {
            Mix(layer);
        }
        else
        {
            MixPacked(layer);
        }

        Visit(HookKind.Z, layer, mixed, batch, length, c.Heads, c.DValue);
        WriteAttention(layer, block, target);
    }

    // Those of the three that are not projected head by head.
    private void Project(AttentionWeights weights, bool splitQuery, bool splitKey, bool splitValue)
    {
        if (!splitValue)
        {
            Linear(read, rows, weights.Value, values);
        }

        if (config.Positions == PositionKind.Shortformer)
        {
            Add(positionVectors, read);
        }

        if (!splitQuery)
        {
            Linear(read, rows, weights.Query, queries);
        }

        if (!splitKey)
        {
            Linear(read, rows, weights.Key, keys);
        }
    }

    private void Rotate(RotaryConfig rotation)
    {
        (int heads, int keyHeads, int dHead, int pairs) = (config.Heads, config.KeyValueHeads, config.DHead, rotation.Frequencies.Count);
        (NativeBuffer<T> Cosines, NativeBuffer<T> Sines) tables = rotary.For<T>(rotation, span);
        RotateWork rotate = new()
        {
            Queries = Renew(queries, tape is null ? null : RotateOperation<T>.Record(tape, queries.Variable, positions, tables, rotation.First, pairs, rotation.Interleaved, heads, dHead)),
            Keys = Renew(keys, tape is null ? null : RotateOperation<T>.Record(tape, keys.Variable, positions, tables, rotation.First, pairs, rotation.Interleaved, keyHeads, dHead)),
            Positions = positions,
            Cosines = tables.Cosines.Pointer,
            Sines = tables.Sines.Pointer,
            First = rotation.First,
            Pairs = pairs,
            Interleaved = rotation.Interleaved,
            Heads = heads,
            KeyHeads = keyHeads,
            DHead = dHead,
        };
        network.Pool.ForRows(rows, (long)rows * (heads + keyHeads) * dHead, ref rotate);
    }

    private void Mix(int layer)
    {
        AttentionWork<T> work = Work(layer, past, request.Length);
        work.K = keys.Pointer;
        work.V = values.Pointer;
        work.Capacity = request.Length;
        if (request.Cache is { } cache)
        {
            Extend(cache.Layer<T>(layer), ref work);
        }

        Mix(layer, HookKind.AttentionScores, work, mask, keys, values);
    }

    /// <summary>Scores, pattern and the mix of values, into <c>mixed</c>: in one sweep, or step by step where a hook looks on.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="scores">The hook on the scores; the next kind is that on the pattern.</param>
    /// <param name="work">The shape, the keys and the values.</param>
    /// <param name="real">Which keys are real, or null.</param>
    /// <param name="k">The keys, for a tape.</param>
    /// <param name="v">The values, for a tape.</param>
    private void Mix(int layer, HookKind scores, AttentionWork<T> work, bool[]? real, Scratch k, Scratch v)
    {
        NetworkConfig c = config;
        int total = work.Past + work.Length;
        fixed (bool* seen = real)
        {
            work.Q = queries.Pointer;
            work.Mask = seen;
            int items = request.Batch * work.ItemsPerSequence;
            long size = (long)rows * c.Heads * (total + c.DHead);
            if (!Wants(scores, layer) && !Wants(scores + 1, layer))
            {
                MultiplyAdds += request.Batch * work.MultiplyAdds;
                work.Z = Reserve(mixed, rows, c.Heads * c.DValue, Recorded(AttentionStep.Everything, queries, k, v, null));
                network.Pool.ForRows(items, size, ref work);
                return;
            }

            work.Step = AttentionStep.Scores;
            MultiplyAdds += request.Batch * work.MultiplyAdds;
            work.Square = Reserve(square, (long)request.Batch * c.Heads, (long)request.Length * total, Recorded(work.Step, queries, k, null, null));
            network.Pool.ForRows(items, size, ref work);
            Visit(scores, layer, square, request.Batch, c.Heads, request.Length, total);
            work.Step = AttentionStep.Pattern;
            work.Square = Renew(square, Recorded(work.Step, null, null, null, square));
            network.Pool.ForRows(items, size, ref work);
            _ = tape is null ? null : square.Variable.Keep();
            Visit(scores + 1, layer, square, request.Batch, c.Heads, request.Length, total);
            RequireHeld(layer, work);
            work.Step = AttentionStep.Values;
            MultiplyAdds += request.Batch * work.MultiplyAdds;
            work.Square = square.Pointer;
            work.Z = Reserve(mixed, rows, c.Heads * c.DValue, Recorded(work.Step, null, null, v, square));
            network.Pool.ForRows(items, size, ref work);
        }

        AttentionOperation<T>? Recorded(AttentionStep step, Scratch? q, Scratch? k, Scratch? v, Scratch? s) => tape is null
            ? null
            : AttentionOperation<T>.Record(
                tape, step, work, request.Batch, real, q?.Variable, k?.Variable, v?.Variable, s?.Variable,
                scores == HookKind.AttentionScores ? Parameters(layer, step) : default);
    }

    // Biases are read where scores are made, sinks where these become a pattern.
    private ScoreParameters Parameters(int layer, AttentionStep step) => new(
        step is AttentionStep.Everything or AttentionStep.Pattern ? network.Effective.Blocks[layer].Attention.Sinks : null,
        step is AttentionStep.Everything or AttentionStep.Scores ? network.Effective.ScoreBias : null,
        scoreBias.BucketsFor(config, request.Length));

    // Attention of a layer over sequences of one length; where the values are is set by the caller.
    private AttentionWork<T> Work(int layer, int before, int length)
    {
        NativeBuffer<T>? bias = scoreBias.For<T>(network, before + length);
        return new()
        {
            Heads = config.Heads,
            KeyHeads = config.KeyValueHeads,
            DHead = config.DHead,
            DValue = config.DValue,
            Length = length,
            Past = before,
            Window = config.LayerConfigs[layer].Window ?? int.MaxValue,
            BothWays = !config.Causal,
            Scale = T.CreateTruncating(config.LayerConfigs[layer].AttentionScale),
            SoftCap = T.CreateTruncating(config.ScoreSoftCap ?? 0),
            Bias = bias is null ? null : bias.Pointer,
            BiasSpan = scoreBias.Span,
            Sinks = Values(network.Effective.Blocks[layer].Attention.Sinks),
        };
    }

    private void WriteAttention(int layer, BlockWeights block, Scratch target)
    {
        if (Wants(HookKind.Result, layer))
        {
            WriteHeads(layer, block.Attention.Output, target);
        }
        else
        {
            Linear(mixed, rows, block.Attention.Output, target);
            Multiply(target, T.CreateTruncating(config.ResidualScale), config.DModel);
        }

        if (config.PostNorms)
        {
            Norm(HookKind.AttentionPostNormScale, layer, block.AttentionPostNorm, target, rows, target);
        }

        Visit(HookKind.AttentionOut, layer, target, request.Batch, request.Length, config.DModel);
    }
}
