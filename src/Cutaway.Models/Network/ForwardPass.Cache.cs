using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    /// <summary>How many positions of a prompt <see cref="Prefill"/> reads at once unless told otherwise: enough for products to run at full speed.</summary>
    public const int PieceLength = 512;

    // Where frequencies follow the length of the sequence, pieces take those of the whole prompt.
    private int leastSpan = 1;

    /// <summary>
    /// Reads a long prompt into its cache piece by piece, so that working memory grows with a piece and not with the prompt. Logits
    /// and the cache have the same bits as after one pass over all of it. A hook is called once for each piece, which begins
    /// at <see cref="Activation{T}.Past"/>.
    /// </summary>
    /// <param name="input">The prompt, with a cache; logits of all positions cannot be kept.</param>
    /// <param name="visitor">Reads and changes activations, or null.</param>
    /// <param name="piece">Positions of a piece.</param>
    /// <param name="progress">Called after each piece with how many positions have been read.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="ArgumentException">There is no cache, or all logits are asked for.</exception>
    /// <exception cref="CutawayException">The tokens or the mask do not fit the network, or a prompt is padded on the right beyond a piece.</exception>
    public void Prefill(in ForwardRequest input, IActivationListener<T>? visitor = null, int piece = PieceLength, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(piece, 1);
        if (input.Cache is not { } cache || (input.Logits == LogitScope.All && input.Length > piece) || !input.Targets.IsEmpty)
        {
            throw new ArgumentException("reading a prompt in pieces takes a cache, and the logits of its last positions or none", nameof(input));
        }

        if (input.Length <= piece)
        {
            Run(input, visitor, cancellation);
            progress?.Invoke(input.Length);
            return;
        }

        RequireFits(input);
        leastSpan = span;
        int before = cache.Length;
        try
        {
            for (int start = 0; start < input.Length; start += piece)
            {
                int count = Math.Min(piece, input.Length - start);
                Run(Piece(input, before, start, count), visitor, cancellation);
                progress?.Invoke(start + count);
            }
        }
        finally
        {
            leastSpan = 1;
        }
    }

    private static ForwardRequest Piece(in ForwardRequest input, int before, int start, int count) =>
        new(Columns(input.Tokens, input.Batch, input.Length, start, count), input.Batch, count)
        {
            AttentionMask = input.AttentionMask.IsEmpty ? default : Columns(input.AttentionMask, input.Batch, before + input.Length, 0, before + start + count),
            Cache = input.Cache,
            Logits = start + count == input.Length ? input.Logits : LogitScope.None,
            Unembedding = input.Unembedding,
        };

    // What a single pass would refuse, so that nothing is read before it is; and last positions that no last piece holds.
    private void RequireFits(in ForwardRequest input)
    {
        Begin(input, null);
        for (int b = 0; b < input.Batch && input.Logits == LogitScope.Last && mask is not null; b++)
        {
            if (!mask[((b + 1) * (past + input.Length)) - 1])
            {
                throw CutawayException.Input($"sequence {b} is padded on the right, so its last token is in none of the last piece's positions; pad on the left");
            }
        }

        request = default;
    }

    private static TElement[] Columns<TElement>(ReadOnlyMemory<TElement> matrix, int rows, int width, int start, int count)
    {
        TElement[] part = new TElement[rows * count];
        for (int row = 0; row < rows; row++)
        {
            matrix.Span.Slice((row * width) + start, count).CopyTo(part.AsSpan(row * count));
        }

        return part;
    }

    /// <summary>Puts new keys and values behind those of earlier positions, and tells attention where all that are still seen lie.</summary>
    private void Extend(CacheLayer<T> held, ref AttentionWork<T> work)
    {
        int keyWidth = config.KeyValueHeads * config.DHead;
        int valueWidth = config.KeyValueHeads * config.DValue;
        int length = request.Length;
        if (held.MakeRoom(past, length))
        {
            nint place = past - held.First;
            Copy(keys.Pointer, length, 0, held.Keys, held.Room, place, length, keyWidth);
            Copy(values.Pointer, length, 0, held.Values, held.Room, place, length, valueWidth);
            work.K = held.Keys;
            work.V = held.Values;
            work.Capacity = held.Room;
            work.FirstKey = held.First;
            return;
        }

        // More at once than a window has room for: attention reads them in working memory, and the latest are kept.
        int seen = held.Seen(past);
        work.FirstKey = past - seen;
        work.Capacity = seen + length;
        if (seen > 0)
        {
            nint from = work.FirstKey - held.First;
            work.K = joinedKeys.Reserve(request.Batch, (long)work.Capacity * keyWidth);
            work.V = joinedValues.Reserve(request.Batch, (long)work.Capacity * valueWidth);
            Copy(held.Keys, held.Room, from, work.K, work.Capacity, 0, seen, keyWidth);
            Copy(held.Values, held.Room, from, work.V, work.Capacity, 0, seen, valueWidth);
            Copy(keys.Pointer, length, 0, work.K, work.Capacity, seen, length, keyWidth);
            Copy(values.Pointer, length, 0, work.V, work.Capacity, seen, length, valueWidth);
        }

        held.First = past + length - Math.Min(held.Room, work.Capacity);
        Copy(work.K, work.Capacity, held.First - work.FirstKey, held.Keys, held.Room, 0, past + length - held.First, keyWidth);
        Copy(work.V, work.Capacity, held.First - work.FirstKey, held.Values, held.Room, 0, past + length - held.First, valueWidth);
    }

    // Positions of every sequence from one store to another; extents are positions from one sequence to the next.
    private void Copy(T* source, int extent, nint from, T* target, int targetExtent, nint to, int count, int width)
    {
        for (int b = 0; b < request.Batch; b++)
        {
            new ReadOnlySpan<T>(source + ((((nint)b * extent) + from) * width), count * width).CopyTo(new Span<T>(target + ((((nint)b * targetExtent) + to) * width), count * width));
        }
    }

    /// <summary>A hook may show a query any position; values of those that no window reaches any more are gone.</summary>
    private void RequireHeld(int layer, in AttentionWork<T> work)
    {
        int total = past + request.Length;
        for (int start = 0; work.FirstKey > 0 && start < square.Span.Length; start += total)
        {
            if (square.Span.Slice(start, work.FirstKey).ContainsAnyExcept(T.Zero))
            {
                throw CutawayException.Usage(
                    $"a change of '{network.Hooks.Find(HookKind.Pattern, layer)!.Name}' or its scores lets a position see beyond the window, to one before {work.FirstKey} whose values are no longer kept; run the whole text at once for that");
            }
        }
    }
}
