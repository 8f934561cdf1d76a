using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private readonly Scratch queryLatent = new();
    private readonly Scratch keyValueLatent = new();
    private readonly Scratch ownKeys = new();
    private readonly Scratch sharedKeys = new();

    /// <summary>Queries, keys and values by way of latents.</summary>
    private void ProjectLatent(int layer, AttentionWeights weights, LatentWeights latent)
    {
        if (latent.Query is { } compression)
        {
            Compress(HookKind.QueryLatent, layer, compression, queryLatent);
        }

        Linear(latent.Query is null ? read : queryLatent, rows, weights.Query, queries);
        Compress(HookKind.KeyValueLatent, layer, latent.KeyValue, keyValueLatent);
        Linear(keyValueLatent, rows, weights.Value, values);
        Linear(keyValueLatent, rows, weights.Key, ownKeys);
        Linear(read, rows, latent.RotatedKey, sharedKeys);
        int shared = latent.RotatedKey.Weight.Rows;
        int own = config.DHead - shared;
        int heads = config.KeyValueHeads;
        JoinedKeysOperation<T>? by = tape is null ? null : JoinedKeysOperation<T>.Record(tape, ownKeys.Variable, sharedKeys.Variable, heads, own, shared);
        JoinWork work = new(ownKeys.Pointer, sharedKeys.Pointer, Reserve(keys, rows, heads * config.DHead, by), heads, own, shared);
        network.Pool.ForRows(rows, (long)rows * heads * config.DHead, ref work);
    }

    private void Compress(HookKind kind, int layer, CompressionWeights compression, Scratch target)
    {
        int width = compression.Down.Weight.Rows;
        Linear(read, rows, compression.Down, target);
        Normalize(NormKind.Rms, compression.Norm, target, rows, width, 1, target, config.Latent!.NormEpsilon);
        Visit(kind, layer, target, request.Batch, request.Length, width);
    }

    // A head's key is its own part, then the part that all share.
    private readonly struct JoinWork(T* own, T* shared, T* keys, int heads, int ownWidth, int sharedWidth) : IParallelWork
    {
        public void Invoke(int index)
        {
            ReadOnlySpan<T> same = Row(shared, index, sharedWidth);
            for (int head = 0; head < heads; head++)
            {
                int at = (index * heads) + head;
                Span<T> key = new(keys + ((nint)at * (ownWidth + sharedWidth)), ownWidth + sharedWidth);
                Row(own, at, ownWidth).CopyTo(key);
                same.CopyTo(key[ownWidth..]);
            }
        }
    }
}
