using System.Numerics;
using System.Numerics.Tensors;

namespace Cutaway.Decoding;

/// <summary>The logits of one sequence's next token while they are being processed, with the working memory that processors share.</summary>
/// <remarks>Everything is in double precision and in a fixed order. Working memory is made once, so that a step allocates nothing.</remarks>
public sealed class StepLogits
{
    private readonly double[] logits;
    private readonly double[] probabilities;
    private readonly double[] scratch;
    private readonly double[] keys;
    private readonly int[] order;
    private readonly int[] counts;
    private ReadOnlyMemory<int> tokens;

    /// <summary>Working memory for a vocabulary.</summary>
    /// <param name="vocabulary">How many logits there are.</param>
    public StepLogits(int vocabulary)
    {
        logits = new double[vocabulary];
        probabilities = new double[vocabulary];
        scratch = new double[vocabulary];
        keys = new double[vocabulary];
        order = new int[vocabulary];
        counts = new int[vocabulary];
    }

    /// <summary>The logits, [vocab]; minus infinity where a token is removed.</summary>
    public Span<double> Logits => logits;

    /// <summary>The prompt and what was generated so far, padding left out.</summary>
    public ReadOnlySpan<int> Tokens => tokens.Span;

    /// <summary>How many of the tokens are the prompt's.</summary>
    public int PromptLength { get; private set; }

    /// <summary>The tokens that were generated so far.</summary>
    public ReadOnlySpan<int> Generated => Tokens[PromptLength..];

    /// <summary>Whether any token is left.</summary>
    public bool AnyLeft => Logits.IndexOfAnyExcept(double.NegativeInfinity) >= 0;

    /// <summary>Begins a step.</summary>
    /// <param name="values">The model's logits, [vocab].</param>
    /// <param name="text">The prompt and what was generated so far.</param>
    /// <param name="promptLength">How many tokens of it are the prompt's.</param>
    public void Begin<T>(ReadOnlySpan<T> values, ReadOnlyMemory<int> text, int promptLength)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TensorPrimitives.ConvertTruncating(values, logits);
        tokens = text;
        PromptLength = promptLength;
    }

    /// <summary>A number a token, for a processor to use as it likes.</summary>
    internal Span<double> Scratch => scratch;

    /// <summary>Removes a token.</summary>
    public void Remove(int token) => logits[token] = double.NegativeInfinity;

    /// <summary>The softmax of the logits, [vocab]; valid until the next call.</summary>
    public ReadOnlySpan<double> Probabilities()
    {
        double max = TensorPrimitives.Max<double>(logits);
        TensorPrimitives.Subtract(logits, max, probabilities);
        TensorPrimitives.Exp<double>(probabilities, probabilities);
        double sum = TensorPrimitives.Sum<double>(probabilities);
        TensorPrimitives.Divide(probabilities, sum, probabilities);
        LogSum = max + Math.Log(sum);
        return probabilities;
    }

    /// <summary>The logarithm of the sum of the exponentials of the logits, when <see cref="Probabilities"/> was last called: log p is a logit less this.</summary>
    internal double LogSum { get; private set; }

    /// <summary>The entropy in nats of the distribution that <see cref="Probabilities"/> gave last, while the logits are as they were; 0 · log 0 is 0.</summary>
    public double Entropy()
    {
        double mean = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            mean += probabilities[i] > 0 ? probabilities[i] * logits[i] : 0;
        }

        return LogSum - mean;
    }

    /// <summary>Removes every token of a probability below a limit, but never the most likely ones.</summary>
    /// <param name="distribution">The probabilities.</param>
    /// <param name="limit">The limit.</param>
    internal void RemoveBelow(ReadOnlySpan<double> distribution, double limit)
    {
        limit = Math.Min(limit, TensorPrimitives.Max(distribution));
        for (int i = 0; i < logits.Length; i++)
        {
            if (distribution[i] < limit)
            {
                Remove(i);
            }
        }
    }

    /// <summary>Tokens that pass a test, by a key ascending; among equal keys the lowest id comes first.</summary>
    /// <param name="values">A key a token.</param>
    /// <param name="least">Tokens of a smaller value are left out.</param>
    /// <param name="descending">Largest values first instead.</param>
    internal ReadOnlySpan<int> Sort(ReadOnlySpan<double> values, double least, bool descending)
    {
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] >= least && logits[i] != double.NegativeInfinity)
            {
                keys[count] = descending ? -values[i] : values[i];
                order[count++] = i;
            }
        }

        // The sort is not stable, so equal keys are put in order afterwards.
        keys.AsSpan(0, count).Sort(order.AsSpan(0, count));
        for (int start = 0; start < count;)
        {
            int end = start + 1;
            while (end < count && keys[end] == keys[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                order.AsSpan(start, end - start).Sort();
            }

            start = end;
        }

        return order.AsSpan(0, count);
    }

    /// <summary>How often each token occurs in a text; to be given back by <see cref="ClearCounts"/>.</summary>
    internal ReadOnlySpan<int> Count(ReadOnlySpan<int> text)
    {
        foreach (int token in text)
        {
            counts[token]++;
        }

        return counts;
    }

    /// <summary>Sets the counts of a text back to nothing.</summary>
    internal void ClearCounts(ReadOnlySpan<int> text)
    {
        foreach (int token in text)
        {
            counts[token] = 0;
        }
    }

    /// <summary>Removes the tokens that are not listed.</summary>
    internal void KeepOnly(ReadOnlySpan<int> kept)
    {
        foreach (int token in kept)
        {
            counts[token] = 1;
        }

        for (int i = 0; i < logits.Length; i++)
        {
            if (counts[i] == 0)
            {
                Remove(i);
            }
        }

        ClearCounts(kept);
    }

    /// <summary>The k-th largest logit, or the smallest if there are fewer.</summary>
    internal double KthLargest(int k)
    {
        // A heap of the k largest so far, the smallest of them on top.
        Span<double> heap = keys.AsSpan(0, Math.Min(k, logits.Length));
        logits.AsSpan(0, heap.Length).CopyTo(heap);
        for (int i = (heap.Length / 2) - 1; i >= 0; i--)
        {
            Sink(heap, i);
        }

        for (int i = heap.Length; i < logits.Length; i++)
        {
            if (logits[i] > heap[0])
            {
                heap[0] = logits[i];
                Sink(heap, 0);
            }
        }

        return heap[0];
    }

    private static void Sink(Span<double> heap, int at)
    {
        while ((2 * at) + 1 is int child && child < heap.Length)
        {
            child += child + 1 < heap.Length && heap[child + 1] < heap[child] ? 1 : 0;
            if (heap[at] <= heap[child])
            {
                return;
            }

            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }
}
