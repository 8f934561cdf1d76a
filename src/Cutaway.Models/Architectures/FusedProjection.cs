using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Takes queries, keys and values out of projections that are stored as one, without copying the weight.</summary>
internal static class FusedProjection
{
    /// <summary>A run of outputs.</summary>
    public static LinearWeights Rows(this LinearWeights fused, int start, int count) => new(
        fused.Weight.SliceRows(start, count),
        fused.Bias is { } bias ? new WeightVector(bias.Float64.Slice(start, count).ToArray()) : null);

    /// <summary>The given outputs, in that order.</summary>
    public static LinearWeights Select(this LinearWeights fused, int[] rows)
    {
        double[]? bias = fused.Bias is null ? null : new double[rows.Length];
        for (int i = 0; bias is not null && i < rows.Length; i++)
        {
            bias[i] = fused.Bias!.Float64[rows[i]];
        }

        return new LinearWeights(fused.Weight.SelectRows(rows), bias is null ? null : new WeightVector(bias));
    }

    /// <summary>The rows of one part where outputs are ordered (head, part, element): GPT-NeoX keeps queries, keys and values so.</summary>
    public static int[] OfHeads(int heads, int parts, int part, int width) =>
    [
        .. Enumerable.Range(0, heads * width).Select(row => ((((row / width) * parts) + part) * width) + (row % width)),
    ];

    /// <summary>The rows of some heads where each key head and its value stand behind the query heads that read them: Falcon and InternLM keep them so.</summary>
    /// <param name="keyHeads">Key heads.</param>
    /// <param name="group">Query heads that share one.</param>
    /// <param name="start">The first head wanted of each group: 0 for queries, <paramref name="group"/> for keys, one more for values.</param>
    /// <param name="count">How many of each group.</param>
    /// <param name="width">Width of a head.</param>
    public static int[] OfGroups(int keyHeads, int group, int start, int count, int width) =>
    [
        .. Enumerable.Range(0, keyHeads * count * width).Select(row =>
        {
            (int head, int element) = (row / width, row % width);
            return (((head / count * (group + 2)) + start + (head % count)) * width) + element;
        }),
    ];

    /// <summary>
    /// The rows that bring heads stored for interleaved rotation (pairs 2i, 2i + 1), as llama.cpp keeps Llama's queries and
    /// keys, back to halves (pairs i, i + D/2).
    /// </summary>
    public static int[] Deinterleaved(int heads, int width) =>
    [
        .. Enumerable.Range(0, heads * width).Select(row =>
        {
            int element = row % width;
            int half = width / 2;
            return row - element + (2 * (element % half)) + (element / half);
        }),
    ];
}
