using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch joinedKeys = new();
    private readonly Scratch joinedValues = new();
    private PackedRows? packed;
    private bool[] packedMask = [];

    /// <summary>Multiply-adds of all matrix products so far.</summary>
    public long MultiplyAdds { get; private set; }

    /// <summary>Bytes of working memory.</summary>
    public long Bytes => sizeof(T) * (
        residual.Capacity + read.Capacity + written.Capacity + logits.Capacity + positionVectors.Capacity + typeVectors.Capacity + queries.Capacity + keys.Capacity + values.Capacity
        + square.Capacity + mixed.Capacity + perHead.Capacity + perHeadNormalized.Capacity + outputWeights.Capacity + parallelPart.Capacity + gathered.Capacity + mlpIn.Capacity
        + queryLatent.Capacity + keyValueLatent.Capacity + ownKeys.Capacity + sharedKeys.Capacity
        + routerLogits.Capacity + expertChoices.Capacity + expertWeights.Capacity + expertIn.Capacity + expertOut.Capacity + sharedWeights.Capacity
        + pre.Capacity + preLinear.Capacity + normalized.Capacity + scales.Capacity + ownScales.Capacity + unscaled.Capacity + joinedKeys.Capacity + joinedValues.Capacity
        + memory.Capacity + memoryKeys.Capacity + knownKeys.Sum(buffer => 2L * (buffer?.Length ?? 0)));

    /// <summary>Makes room for rows that go on from an earlier run; <see cref="Continue"/> then takes them through blocks.</summary>
    /// <param name="input">Whose rows they are.</param>
    /// <param name="visitor">Reads and changes activations, or null. It is shown all rows as one sequence; of scores and patterns, each class's [sequence, head, query, key] one after the other.</param>
    /// <returns>[rows, d_model], to be filled with residual streams and read after each step.</returns>
    public Span<T> Begin(PackedRows input, IActivationListener<T>? visitor)
    {
        packed = input;
        (listener, tape) = (visitor, null);
        rows = input.Rows;
        past = 0;
        request = new ForwardRequest(default, 1, rows);
        SetPackedPositions(input);
        _ = residual.Reserve(rows, config.DModel);
        if (config.Positions == PositionKind.Shortformer)
        {
            Look(network.Effective.Positions!, positions.AsMemory(0, rows), T.One, positionVectors);
        }

        return residual.Span;
    }

    /// <summary>Takes the rows through a block, or a part of one.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="part">Which part.</param>
    public void Continue(int layer, BlockPart part)
    {
        BlockWeights block = network.Effective.Blocks[layer];
        int d = config.DModel;
        if (part == BlockPart.Whole)
        {
            Block(layer, block);
        }
        else if (part == BlockPart.Attention)
        {
            Visit(HookKind.ResidPre, layer, residual, request.Batch, request.Length, d);
            Attend(layer, block, written);
            Add(written, residual);
        }
        else
        {
            FinishBlock(layer, block);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Forgets the rows; the pass can run whole prompts again.</summary>
    public void End()
    {
        packed = null;
        listener = null;
        request = default;
    }

    /// <summary>Adds what changes of a head's mixed values do to the residual stream: streams += change · W_O · ResidualScale.</summary>
    /// <param name="layer">The head's layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="change">[count, d_head].</param>
    /// <param name="streams">[count, d_model].</param>
    public void AddHead(int layer, int head, ReadOnlySpan<T> change, Span<T> streams)
    {
        int d = config.DModel;
        int dHead = config.DValue;
        int width = config.Heads * dHead;
        int count = change.Length / dHead;
        if (decodedLayer != layer)
        {
            DecodeOutput(network.Effective.Blocks[layer].Attention.Output, outputWeights.Reserve(d, width));
            decodedLayer = layer;
        }

        fixed (T* x = change)
        fixed (T* y = streams)
        {
            MatrixProduct.Multiply(
                network.Pool,
                new MatrixView<T>(x, count, dHead, dHead),
                new MatrixView<T>(outputWeights.Pointer + (head * dHead), d, dHead, width).Transpose(),
                new MatrixView<T>(y, count, d, d),
                T.CreateTruncating(config.ResidualScale),
                accumulate: true);
        }

        MultiplyAdds += (long)count * dHead * d;
        GC.KeepAlive(this);
    }

    private void SetPackedPositions(PackedRows input)
    {
        int prompts = input.Earlier.Batch;
        int total = input.Classes[0].Past + input.Classes[0].Length;
        ReadOnlySpan<bool> real = input.Mask.Span;
        if (positions.Length < rows)
        {
            positions = new int[rows];
        }

        int sequences = input.Classes.Sum(part => part.Sequences);
        if (packedMask.Length < sequences * total && !real.IsEmpty)
        {
            packedMask = new bool[sequences * total];
        }

        span = 1;
        int sequence = 0;
        foreach (RowClass part in input.Classes)
        {
            for (int i = 0; i < part.Sequences; i++, sequence++)
            {
                int prompt = i % prompts;
                if (!real.IsEmpty)
                {
                    real.Slice(prompt * total, total).CopyTo(packedMask.AsSpan(sequence * total));
                }

                int position = 0;
                for (int column = 0; column < total; column++)
                {
                    bool counts = real.IsEmpty || real[(prompt * total) + column];
                    if (column >= part.Past)
                    {
                        positions[part.FirstRow + (i * part.Length) + column - part.Past] = counts ? position : 0;
                    }

                    position += counts ? 1 : 0;
                }

                span = Math.Max(span, position);
            }
        }
    }

    /// <summary>As <c>Mix</c>, class by class: the keys and values of earlier positions are those of the earlier run.</summary>
    private void MixPacked(int layer)
    {
        PackedRows input = packed!;
        int keyWidth = config.KeyValueHeads * config.DHead;
        int valueWidth = config.KeyValueHeads * config.DValue;
        int total = input.Classes[0].Past + input.Classes[0].Length;
        int sequences = input.Classes.Sum(part => part.Sequences);
        CacheLayer<T> held = input.Earlier.Layer<T>(layer);
        if (held.Room < input.Earlier.Capacity)
        {
            throw new InvalidOperationException("the earlier run's cache has to keep all positions");
        }

        T* k = Join(joinedKeys.Reserve(sequences, (long)total * keyWidth), held.Keys, keys.Pointer, total, keyWidth);
        T* v = Join(joinedValues.Reserve(sequences, (long)total * valueWidth), held.Values, values.Pointer, total, valueWidth);
        T* z = mixed.Reserve(rows, config.Heads * config.DValue);
        if (!Wants(HookKind.AttentionScores, layer) && !Wants(HookKind.Pattern, layer))
        {
            Attention(AttentionStep.Everything, null);
            return;
        }

        T* s = square.Reserve(rows, (long)config.Heads * total);
        Attention(AttentionStep.Scores, s);
        Visit(HookKind.AttentionScores, layer, square, 1, config.Heads, rows, total);
        Attention(AttentionStep.Pattern, s);
        Visit(HookKind.Pattern, layer, square, 1, config.Heads, rows, total);
        Attention(AttentionStep.Values, s);

        void Attention(AttentionStep step, T* s)
        {
            int first = 0;
            fixed (bool* seen = input.Mask.IsEmpty ? null : packedMask)
            {
                foreach (RowClass part in input.Classes)
                {
                    AttentionWork<T> work = Work(layer, part.Past, part.Length);
                    work.Q = queries.Pointer + ((nint)part.FirstRow * config.Heads * config.DHead);
                    work.Z = z + ((nint)part.FirstRow * config.Heads * config.DValue);
                    work.K = k + ((nint)first * total * keyWidth);
                    work.V = v + ((nint)first * total * valueWidth);
                    work.Capacity = total;
                    work.Square = s + (s is null ? 0 : (nint)part.FirstRow * config.Heads * total);
                    work.Mask = seen is null ? null : seen + ((nint)first * total);
                    work.Step = step;
                    network.Pool.ForRows(part.Sequences * work.ItemsPerSequence, (long)part.Rows * config.Heads * (total + config.DHead), ref work);
                    MultiplyAdds += part.Sequences * work.MultiplyAdds;
                    first += part.Sequences;
                }
            }
        }

        T* Join(T* store, T* earlier, T* fresh, int extent, int size)
        {
            T* target = store;
            foreach (RowClass part in input.Classes)
            {
                for (int i = 0; i < part.Sequences; i++, target += (nint)extent * size)
                {
                    T* before = earlier + ((nint)(i % input.Earlier.Batch) * input.Earlier.Capacity * size);
                    T* after = fresh + ((nint)(part.FirstRow + (i * part.Length)) * size);
                    new ReadOnlySpan<T>(before, part.Past * size).CopyTo(new Span<T>(target, part.Past * size));
                    new ReadOnlySpan<T>(after, part.Length * size).CopyTo(new Span<T>(target + ((nint)part.Past * size), part.Length * size));
                }
            }

            return store;
        }
    }
}
