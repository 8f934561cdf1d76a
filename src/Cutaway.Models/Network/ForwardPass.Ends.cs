using System.Numerics.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    /// <summary>The logits of residual streams as they stand: through the final norm and the unembedding (the logit lens; nostalgebraist 2020).</summary>
    /// <param name="residuals">[count, d_model].</param>
    /// <param name="count">How many.</param>
    /// <param name="result">[count, vocab].</param>
    public void Project(ReadOnlySpan<T> residuals, int count, Span<T> result) => Project(residuals, count, network.Effective.Unembedding, result);

    /// <summary>The same for some tokens only.</summary>
    /// <param name="residuals">[count, d_model].</param>
    /// <param name="count">How many.</param>
    /// <param name="unembedding">The tokens' rows of the unembedding (<see cref="TransformerNetwork.UnembeddingOf"/>).</param>
    /// <param name="result">[count, token].</param>
    public void Project(ReadOnlySpan<T> residuals, int count, LinearWeights unembedding, Span<T> result)
    {
        (listener, tape) = (null, null);
        int d = config.DModel;
        int tokens = unembedding.Weight.Rows;
        if (residuals.Length != (long)count * d || result.Length != (long)count * tokens)
        {
            throw new ArgumentException($"[{count}, {d}] residuals and [{count}, {tokens}] logits were expected", nameof(residuals));
        }

        _ = gathered.Reserve(count, d);
        residuals.CopyTo(gathered.Span);
        ReadForUnembedding(network.Effective, gathered, count);
        MultiplyAdds += (long)count * d * tokens;
        fixed (T* target = result)
        {
            MatrixProduct.Linear(
                network.Pool, new MatrixView<T>(read.Pointer, count, d, d), unembedding.Weight, Values(unembedding.Bias), new MatrixView<T>(target, count, tokens, tokens));
        }

        if (config.LogitSoftCap is double cap)
        {
            SoftCap.Apply(result, T.CreateTruncating(cap));
        }

        GC.KeepAlive(this);
    }

    private void Embed()
    {
        int d = config.DModel;
        NetworkWeights weights = network.Effective;
        T factor = T.CreateTruncating(config.EmbeddingScale);
        if (request.Vectors.IsEmpty)
        {
            Look(weights.Embedding, request.Tokens, factor, residual);
        }
        else
        {
            Take(request.Vectors.Span);
        }

        if (config.EmbeddingScale != 1)
        {
            TensorPrimitives.Multiply(residual.Span, factor, residual.Span);
        }

        if (config.EmbeddingNorm)
        {
            Norm(HookKind.EmbedNormScale, -1, weights.EmbeddingNorm, residual, rows, residual);
        }

        Visit(HookKind.Embed, -1, residual, request.Batch, request.Length, d);
        if (config.Positions is PositionKind.Learned or PositionKind.Shortformer)
        {
            Look(weights.Positions!, positions.AsMemory(0, rows), T.One, positionVectors);
            Visit(HookKind.PositionEmbed, -1, positionVectors, request.Batch, request.Length, d);
            if (config.Positions == PositionKind.Learned)
            {
                Add(positionVectors, residual);
            }
        }

        if (weights.TokenTypes is { } types)
        {
            Look(types, request.TokenTypes.IsEmpty ? FirstType() : request.TokenTypes, T.One, typeVectors);
            Visit(HookKind.TokenTypeEmbed, -1, typeVectors, request.Batch, request.Length, d);
            Add(typeVectors, residual);
        }

        if (config.InputNorm)
        {
            Norm(HookKind.InputNormScale, -1, weights.InputNorm, residual, rows, residual);
        }
    }

    private ReadOnlyMemory<int> FirstType()
    {
        if (firstType.Length < rows)
        {
            firstType = new int[rows];
        }

        return firstType.AsMemory(0, rows);
    }

    private void Take(ReadOnlySpan<double> vectors)
    {
        Span<T> target = new(Reserve(residual, rows, config.DModel), vectors.Length);
        for (int i = 0; i < vectors.Length; i++)
        {
            target[i] = T.CreateTruncating(vectors[i]);
        }
    }

    // The stream as the unembedding reads it: through the head's map where there is one, and through the final norm.
    private void ReadForUnembedding(NetworkWeights weights, Scratch source, int count)
    {
        int d = config.DModel;
        if (weights.HeadTransform is { } map)
        {
            Linear(source, count, map, written);
            ActivationOperation<T>? by = tape is null ? null : ActivationOperation<T>.Record(tape, config.Activation, written.Variable, null, d);
            T* before = written.Pointer;
            ActivationWork work = new(config.Activation, before, null, Reserve(written, count, d, by), d);
            network.Pool.ForRows(count, 4L * count * d, ref work);
            source = written;
        }

        if (config.FinalNorm)
        {
            Norm(HookKind.FinalNormScale, -1, weights.FinalNorm, source, count, read);
        }
        else
        {
            Copy(source, count, read);
        }
    }

    // The rows of a matrix; the factor is for the caller to apply.
    private void Look(WeightMatrix matrix, ReadOnlyMemory<int> ids, T factor, Scratch target)
    {
        int d = config.DModel;
        T* x = Reserve(target, rows, d, tape is null ? null : EmbeddingOperation<T>.Record(tape, matrix, ids, factor));
        ReadOnlySpan<int> chosen = ids.Span;
        for (int row = 0; row < rows; row++)
        {
            matrix.DecodeRow(chosen[row], new Span<T>(x + (row * d), d));
        }
    }

    private void Unembed(NetworkWeights weights)
    {
        int d = config.DModel;
        bool hooked = Wants(HookKind.FinalNormScale, -1) || Wants(HookKind.FinalNormNormalized, -1) || Wants(HookKind.UnembedIn, -1);
        bool hookedLogits = Wants(HookKind.UnembedOut, -1);
        bool losses = !request.Targets.IsEmpty;
        output = logits;
        if (request.Logits == LogitScope.None && !hooked && !hookedLogits && !losses)
        {
            logits.Reserve(0);
            return;
        }

        bool all = hooked || hookedLogits || losses || request.Logits == LogitScope.All;
        int count = all ? rows : request.Batch;
        ReadForUnembedding(weights, all ? residual : GatherLast(residual, d), count);
        if (all)
        {
            Visit(HookKind.UnembedIn, -1, read, request.Batch, request.Length, d);
        }

        if (losses)
        {
            logits.Reserve(0);
            RecordLoss(weights.Unembedding);
            return;
        }

        if (request.Logits == LogitScope.None && !hookedLogits)
        {
            logits.Reserve(0);
            return;
        }

        Scratch y = read;
        if (all && request.Logits == LogitScope.Last && !hookedLogits)
        {
            // A hook saw every position, but only the last ones' logits are wanted.
            y = GatherLast(read, d);
            count = request.Batch;
        }

        LinearWeights unembedding = request.Unembedding ?? weights.Unembedding;
        int vocabulary = unembedding.Weight.Rows;
        Linear(y, count, unembedding, logits);
        if (config.LogitSoftCap is double cap)
        {
            T bound = T.CreateTruncating(cap);
            _ = Renew(logits, tape is null ? null : SoftCapOperation<T>.Record(tape, logits.Variable, bound, vocabulary));
            _ = tape is null ? null : logits.Variable.Keep();
            SoftCap.Apply(logits.Span, bound);
        }

        if (hookedLogits)
        {
            Visit(HookKind.UnembedOut, -1, logits, request.Batch, request.Length, vocabulary);
            output = request.Logits == LogitScope.Last ? GatherLast(logits, vocabulary) : logits;
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

    private Scratch GatherLast(Scratch source, int width)
    {
        if (lastRows.Length < request.Batch)
        {
            lastRows = new int[request.Batch];
        }

        for (int b = 0; b < request.Batch; b++)
        {
            lastRows[b] = LastRow(b);
        }

        T* target = Reserve(gathered, request.Batch, width, tape is null ? null : GatherOperation<T>.Record(tape, source.Variable, lastRows, request.Batch, width));
        for (int b = 0; b < request.Batch; b++)
        {
            new Span<T>(source.Pointer + ((nint)lastRows[b] * width), width).CopyTo(new Span<T>(target + ((nint)b * width), width));
        }

        return gathered;
    }
}
