using System.Numerics.Tensors;
using Cutaway.Tensors.Kernels;

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
        listener = null;
        int d = config.DModel;
        int tokens = unembedding.Weight.Rows;
        if (residuals.Length != (long)count * d || result.Length != (long)count * tokens)
        {
            throw new ArgumentException($"[{count}, {d}] residuals and [{count}, {tokens}] logits were expected", nameof(residuals));
        }

        T* y = read.Reserve(count, d);
        fixed (T* x = residuals)
        {
            Norm(HookKind.FinalNormScale, -1, network.Effective.FinalNorm, x, count, y);
        }

        fixed (T* target = result)
        {
            Linear(y, count, d, unembedding, target, tokens);
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
        T* x = residual.Reserve(rows, d);
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
            EmbedPositions();
            Visit(HookKind.PositionEmbed, -1, positionVectors.Span, request.Batch, request.Length, d);
            if (config.Positions == PositionKind.Learned)
            {
                TensorPrimitives.Add(residual.Span, positionVectors.Span, residual.Span);
            }
        }
    }

    private void EmbedPositions()
    {
        int d = config.DModel;
        T* vectors = positionVectors.Reserve(rows, d);
        for (int row = 0; row < rows; row++)
        {
            network.Effective.Positions!.DecodeRow(positions[row], new Span<T>(vectors + (row * d), d));
        }
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
        T* y = read.Reserve(count, d);
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
        T* target = logits.Reserve(count, vocabulary);
        Linear(y, count, d, weights.Unembedding, target, vocabulary);
        if (config.LogitSoftCap is double cap)
        {
            SoftCap.Apply(logits.Span, T.CreateTruncating(cap));
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

                logits.Reserve(request.Batch, vocabulary);
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
        T* gathered = parallelPart.Reserve(request.Batch, d);
        for (int b = 0; b < request.Batch; b++)
        {
            new Span<T>(residual.Pointer + (LastRow(b) * d), d).CopyTo(new Span<T>(gathered + (b * d), d));
        }

        return gathered;
    }
}
