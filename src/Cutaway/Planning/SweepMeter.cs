using System.Numerics;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Planning;

/// <summary>Measures residual streams at the end of the last block: only the logits that the metric reads are computed.</summary>
internal sealed class SweepMeter<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ForwardPass<T> pass;
    private readonly TokenBatch prompts;
    private readonly Metric metric;
    private readonly LinearWeights unembedding;
    private T[] earlier = [];

    /// <summary>Prepares to measure.</summary>
    /// <param name="pass">Computes the logits.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="metric">What is measured.</param>
    public SweepMeter(ForwardPass<T> pass, TokenBatch prompts, Metric metric)
    {
        this.pass = pass;
        this.prompts = prompts;
        this.metric = metric;
        unembedding = metric.Columns is { } columns ? pass.Network.UnembeddingOf(columns) : pass.Network.Weights.Unembedding;
    }

    /// <summary>Whether the logits of every position are read.</summary>
    public bool Every => metric.Scope == LogitScope.All;

    /// <summary>Tokens whose logits are computed.</summary>
    public int Tokens => unembedding.Weight.Rows;

    /// <summary>Whether nothing but the last column is read: where all prompts end there.</summary>
    public bool LastOnly => !Every && Enumerable.Range(0, prompts.Batch).All(b => prompts.LastPosition(b) == prompts.Length - 1);

    /// <summary>The metric of the base run, whose logits are kept for the positions before those that variants change.</summary>
    /// <param name="streams">[prompt, pos, d_model].</param>
    public double[] Baseline(ReadOnlySpan<T> streams)
    {
        T[] logits = Logits(streams, [0]);
        double[] values = Values(logits, 0);
        earlier = logits;
        return values;
    }

    /// <summary>The metric of each prompt of each variant.</summary>
    /// <param name="streams">Streams of all prompts, variant after variant, each from its first position on.</param>
    /// <param name="firsts">Those positions.</param>
    public double[][] Measure(ReadOnlySpan<T> streams, int[] firsts)
    {
        T[] logits = Logits(streams, firsts);
        int size = logits.Length / firsts.Length;
        double[][] values = new double[firsts.Length][];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Values(logits.AsSpan(i * size, size), firsts[i]);
        }

        return values;
    }

    /// <summary>The logits that the metric reads, [variant, prompt, token], or [prompt, position, token] of one variant.</summary>
    /// <param name="rows">Streams of all prompts of some variants, each from its first position on.</param>
    /// <param name="firsts">Those positions.</param>
    private T[] Logits(ReadOnlySpan<T> rows, int[] firsts)
    {
        int d = pass.Network.Config.DModel;
        if (!Every)
        {
            T[] last = new T[firsts.Length * prompts.Batch * d];
            int start = 0;
            for (int i = 0; i < firsts.Length; i++)
            {
                int length = prompts.Length - firsts[i];
                for (int b = 0; b < prompts.Batch; b++)
                {
                    rows.Slice((start + (b * length) + prompts.LastPosition(b) - firsts[i]) * d, d).CopyTo(last.AsSpan(((i * prompts.Batch) + b) * d));
                }

                start += prompts.Batch * length;
            }

            rows = last;
        }

        T[] logits = new T[rows.Length / d * Tokens];
        pass.Project(rows, rows.Length / d, unembedding, logits);
        return logits;
    }

    /// <summary>The metric of each prompt.</summary>
    /// <param name="logits">[prompt, position from the first, token] or [prompt, token].</param>
    /// <param name="first">The first position.</param>
    private double[] Values(ReadOnlySpan<T> logits, int first)
    {
        int own = (Every ? prompts.Length - first : 1) * Tokens;
        int before = (Every ? first : 0) * Tokens;
        double[] read = new double[before + own];
        double[] values = new double[prompts.Batch];
        for (int b = 0; b < values.Length; b++)
        {
            TensorPrimitives.ConvertTruncating(earlier.AsSpan(before == 0 ? 0 : b * (before + own), before), read);
            TensorPrimitives.ConvertTruncating(logits.Slice(b * own, own), read.AsSpan(before));
            values[b] = metric.Value(b, read);
        }

        return values;
    }
}
