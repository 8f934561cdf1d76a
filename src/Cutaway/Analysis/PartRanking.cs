namespace Cutaway.Analysis;

/// <summary>Heads and MLPs in the order of how much they matter.</summary>
internal static class PartRanking
{
    /// <summary>Every part with its value, the largest first whatever its sign; equals stay in the model's order, heads before MLPs.</summary>
    /// <param name="heads">[layer][head].</param>
    /// <param name="mlps">[layer], or empty.</param>
    /// <param name="crossHeads">Heads that read an encoder's output, [layer][head]; null for none.</param>
    public static IReadOnlyList<(string Part, double Value)> Of(
        IReadOnlyList<IReadOnlyList<double>> heads, IReadOnlyList<double> mlps, IReadOnlyList<IReadOnlyList<double>>? crossHeads = null) =>
    [
        .. heads.SelectMany((row, layer) => row.Select((value, head) => (Part: $"head {layer}.{head}", Value: value)))
            .Concat((crossHeads ?? []).SelectMany((row, layer) => row.Select((value, head) => (Part: $"encoder-reading head {layer}.{head}", Value: value))))
            .Concat(mlps.Select((value, layer) => (Part: $"MLP {layer}", Value: value)))
            .OrderByDescending(entry => Math.Abs(entry.Value)),
    ];
}
