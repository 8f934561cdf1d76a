namespace Cutaway;

/// <summary>Sequences of token ids of equal length, padded where need be.</summary>
public sealed class TokenBatch
{
    private readonly int[] ids;
    private readonly bool[]? mask;

    private TokenBatch(int[] ids, bool[]? mask, int batch, int length)
    {
        this.ids = ids;
        this.mask = mask;
        Batch = batch;
        Length = length;
    }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Positions of each, padding counted.</summary>
    public int Length { get; }

    /// <summary>Ids, [batch, pos].</summary>
    public ReadOnlyMemory<int> Ids => ids;

    /// <summary>Which positions are real, [batch, pos]; empty where all are.</summary>
    public ReadOnlyMemory<bool> Mask => mask;

    /// <summary>The ids of one sequence, padding included.</summary>
    public ReadOnlySpan<int> Row(int b) => ids.AsSpan(b * Length, Length);

    /// <summary>The position of a sequence's first real token.</summary>
    public int FirstPosition(int b)
    {
        int first = 0;
        while (mask is not null && first < Length - 1 && !mask[(b * Length) + first])
        {
            first++;
        }

        return first;
    }

    /// <summary>The position of a sequence's last real token.</summary>
    public int LastPosition(int b)
    {
        int last = Length - 1;
        while (mask is not null && last > 0 && !mask[(b * Length) + last])
        {
            last--;
        }

        return last;
    }

    /// <summary>Whether a position holds a real token.</summary>
    public bool IsReal(int b, int position) => mask is null || mask[(b * Length) + position];

    /// <summary>One sequence.</summary>
    public static TokenBatch Single(IReadOnlyList<int> ids) => Pad([ids]);

    /// <summary>Sequences of any lengths, padded on the left or the right to the longest.</summary>
    /// <param name="sequences">At least one, none of them empty.</param>
    /// <param name="padId">The id at padding; it is never attended to.</param>
    /// <param name="left">Whether padding goes before the text.</param>
    public static TokenBatch Pad(IReadOnlyList<IReadOnlyList<int>> sequences, int padId = 0, bool left = true)
    {
        if (sequences.Count == 0 || sequences.Any(sequence => sequence.Count == 0))
        {
            throw CutawayException.Input("the prompt has no tokens; give at least one");
        }

        int length = sequences.Max(sequence => sequence.Count);
        int[] ids = new int[sequences.Count * length];
        bool[] mask = new bool[ids.Length];
        Array.Fill(ids, padId);
        for (int b = 0; b < sequences.Count; b++)
        {
            int start = (b * length) + (left ? length - sequences[b].Count : 0);
            for (int i = 0; i < sequences[b].Count; i++)
            {
                ids[start + i] = sequences[b][i];
                mask[start + i] = true;
            }
        }

        return new(ids, sequences.All(sequence => sequence.Count == length) ? null : mask, sequences.Count, length);
    }

    /// <summary>Sequences of equal length with a mask of their own.</summary>
    /// <param name="rows">[batch][pos].</param>
    /// <param name="mask">[batch][pos], true where a token is real, or null.</param>
    public static TokenBatch Masked(IReadOnlyList<IReadOnlyList<int>> rows, IReadOnlyList<IReadOnlyList<bool>>? mask)
    {
        if (rows.Count == 0 || rows[0].Count == 0)
        {
            throw CutawayException.Input("the prompt has no tokens; give at least one");
        }

        int length = rows[0].Count;
        if (rows.Any(row => row.Count != length))
        {
            throw CutawayException.Input($"sequences of {string.Join(", ", rows.Select(row => row.Count))} ids cannot share a batch unpadded; pad them and give an attention mask");
        }

        if (mask is not null && (mask.Count != rows.Count || mask.Any(row => row.Count != length)))
        {
            throw CutawayException.Input($"the attention mask does not have the shape of the ids, [{rows.Count}, {length}]");
        }

        return new([.. rows.SelectMany(row => row)], mask is null ? null : [.. mask.SelectMany(row => row)], rows.Count, length);
    }
}
