using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch memory = new();
    private readonly Scratch memoryKeys = new();
    private readonly Scratch memoryValues = new();
    private readonly Scratch repeatedKeys = new();
    private readonly Scratch repeatedValues = new();

    // Keys and values of what the encoder made, by layer: they are the same for every position and every step.
    private readonly NativeBuffer<T>?[] knownKeys;
    private readonly NativeBuffer<T>?[] knownValues;
    private readonly bool[] known;

    /// <summary>Computes what a block takes from the encoder's output: its second attention, whose queries alone come from the stream.</summary>
    private void Cross(int layer, BlockWeights block, Scratch target)
    {
        NetworkConfig c = config;
        AttentionWeights weights = block.Cross!;
        int batch = request.Batch;
        int length = request.Length;
        Norm(HookKind.CrossNormScale, layer, block.CrossNorm, residual, rows, read);
        Linear(read, rows, weights.Query, queries);
        Visit(HookKind.CrossQuery, layer, queries, batch, length, c.Heads, c.DHead);

        // Every query sees every position of the encoder's output, as if that ended where the queries do.
        AttentionWork<T> work = new()
        {
            Heads = c.Heads,
            KeyHeads = c.KeyValueHeads,
            DHead = c.DHead,
            DValue = c.DValue,
            Length = length,
            Past = c.MemoryLength - length,
            Window = int.MaxValue,
            BothWays = true,
            Scale = T.CreateTruncating(c.LayerConfigs[layer].AttentionScale),
        };
        if (tape is null)
        {
            // Capacity 0: all sequences read the same keys.
            ReadMemory(layer, weights);
            work.K = knownKeys[layer]!.Pointer;
            work.V = knownValues[layer]!.Pointer;
        }
        else
        {
            RecordMemory(weights);
            work.K = repeatedKeys.Pointer;
            work.V = repeatedValues.Pointer;
            work.Capacity = c.MemoryLength;
        }

        Mix(layer, HookKind.CrossScores, work, null, repeatedKeys, repeatedValues);
        Visit(HookKind.CrossZ, layer, mixed, batch, length, c.Heads, c.DValue);
        Linear(mixed, rows, weights.Output, target);
        Visit(HookKind.CrossOut, layer, target, batch, length, c.DModel);
    }

    // Between what a block's attention adds and its MLP.
    private void AddCross(int layer, BlockWeights block)
    {
        if (block.Cross is not null)
        {
            Cross(layer, block, written);
            Add(written, residual);
            Visit(HookKind.ResidMidCross, layer, residual, request.Batch, request.Length, config.DModel);
        }
    }

    private void RequireMemory()
    {
        if (config.Encoder is not null && network.Weights.Memory is null)
        {
            throw CutawayException.Usage($"a {config.Architecture} has an encoder, whose output its decoder reads: give the text that the encoder reads (--encoder-text on the command line, model.Reading in code)");
        }

        if (past == 0)
        {
            // Weights may have been trained on since.
            Array.Clear(known);
        }
    }

    private void ReadMemory(int layer, AttentionWeights weights)
    {
        if (known[layer])
        {
            return;
        }

        Decode(network.Weights.Memory!);
        knownKeys[layer] = Project(weights.Key, knownKeys[layer]);
        knownValues[layer] = Project(weights.Value, knownValues[layer]);
        known[layer] = true;

        NativeBuffer<T> Project(LinearWeights linear, NativeBuffer<T>? place)
        {
            Linear(memory, config.MemoryLength, linear, memoryKeys);
            NativeBuffer<T> kept = place ?? new NativeBuffer<T>((long)config.MemoryLength * linear.Weight.Rows);
            memoryKeys.Span.CopyTo(kept.Span);
            return kept;
        }
    }

    // While a tape records, each sequence has a copy, so that no two sequences write the same gradient.
    private void RecordMemory(AttentionWeights weights)
    {
        Decode(network.Weights.Memory!);
        Repeat(weights.Key, memoryKeys, repeatedKeys);
        Repeat(weights.Value, memoryValues, repeatedValues);

        void Repeat(LinearWeights linear, Scratch once, Scratch copies)
        {
            int size = config.MemoryLength * linear.Weight.Rows;
            Linear(memory, config.MemoryLength, linear, once);
            T* all = Reserve(copies, request.Batch, size, RepeatOperation<T>.Record(tape!, once.Variable, size));
            for (int sequence = 0; sequence < request.Batch; sequence++)
            {
                once.Span.CopyTo(new Span<T>(all + ((nint)sequence * size), size));
            }
        }
    }

    private void Decode(WeightMatrix output)
    {
        T* target = Reserve(memory, output.Rows, output.Columns);
        for (int row = 0; row < output.Rows; row++)
        {
            output.DecodeRow(row, new Span<T>(target + ((nint)row * output.Columns), output.Columns));
        }
    }
}
