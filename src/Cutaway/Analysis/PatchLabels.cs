using Cutaway.Data;

namespace Cutaway.Analysis;

/// <summary>How rows and columns of a patching grid are called.</summary>
/// <param name="RowAxis">What rows are.</param>
/// <param name="Rows">One a row.</param>
/// <param name="ColumnAxis">What columns are.</param>
/// <param name="Columns">One a column; a token that differs is written as <c> John→ Mary</c>, clean first.</param>
public sealed record PatchLabels(string RowAxis, IReadOnlyList<string> Rows, string ColumnAxis, IReadOnlyList<string> Columns)
{
    /// <summary>The labels of a grid over pairs of prompts.</summary>
    internal static PatchLabels Of(LanguageModel model, PatchGrid grid, PairBatch pairs, int positions)
    {
        string[] tokens = [.. Enumerable.Range(0, positions).Select(position => Token(model, pairs, position - positions))];
        PatchCell[] first = [.. grid.Cells.Select(row => row.OfType<PatchCell>().First())];
        return new PatchLabels(
            grid.By switch
            {
                PatchBy.HeadPosition => "head",
                PatchBy.Edge => "head, query",
                _ => "layer",
            },
            [.. first.Select(cell => grid.By switch
            {
                PatchBy.HeadPosition => $"{cell.Layer}.{cell.Head}",
                PatchBy.Edge => $"{cell.Layer}.{cell.Head} {tokens[cell.Position].Trim()}",
                _ => $"{cell.Layer}",
            })],
            grid.By switch
            {
                PatchBy.Layer => "",
                PatchBy.Head => "head",
                PatchBy.Neuron => "neuron",
                PatchBy.Edge => "key",
                _ => "position",
            },
            grid.By switch
            {
                PatchBy.Layer => ["all positions"],
                PatchBy.Head or PatchBy.Neuron => [.. grid.Cells[0].Select((_, i) => $"{i}")],
                _ => tokens,
            });
    }

    /// <summary>A place in words, such as <c>head 9.6, position 4</c>.</summary>
    internal static string Name(PatchCell cell)
    {
        string part = cell.Head >= 0 ? $"head {cell.Layer}.{cell.Head}" : cell is { Element: >= 0, Position: < 0 } ? $"neuron {cell.Layer}.{cell.Element}" : $"layer {cell.Layer}";
        string position = cell.Position < 0 ? "" : cell.Element >= 0 ? $", position {cell.Position} to {cell.Element}" : $", position {cell.Position}";
        return part + position;
    }

    /// <summary>A cell of the grid in words, such as <c>layer 3, ' John' (4)</c>.</summary>
    internal string Place(PatchBy by, int row, int column)
    {
        string first = Rows[row];
        string second = Columns[column].Trim();
        return by switch
        {
            PatchBy.Layer => $"layer {first}",
            PatchBy.Position => FormattableString.Invariant($"layer {first}, '{second}' ({column})"),
            PatchBy.Head => $"head {first}.{second}",
            PatchBy.Neuron => $"neuron {first}.{second}",
            PatchBy.HeadPosition => FormattableString.Invariant($"head {first}, '{second}' ({column})"),
            _ => FormattableString.Invariant($"head {first.Replace(" ", ", '", StringComparison.Ordinal)}' ({row % Columns.Count}) to '{second}' ({column})"),
        };
    }

    // With several pairs, the first one stands for all: an ellipsis says that others read otherwise.
    private static string Token(LanguageModel model, PairBatch pairs, int fromEnd)
    {
        (int Clean, int Corrupt)[] ids = [.. Enumerable.Range(0, pairs.Clean.Batch).Select(b => (At(pairs.Clean, b), At(pairs.Corrupt, b)))];
        string clean = model.Tokenizer.TokenText(ids[0].Clean);
        string text = ids[0].Clean == ids[0].Corrupt ? clean : $"{clean}→{model.Tokenizer.TokenText(ids[0].Corrupt).TrimStart()}";
        return ids.Distinct().Count() == 1 ? text : text + "…";

        int At(TokenBatch tokens, int b) => tokens.Row(b)[tokens.LastPosition(b) + 1 + fromEnd];
    }
}
