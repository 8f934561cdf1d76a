using Cutaway.Models.Formats;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>Looks for weights that are not finite: what a damaged download or a failed conversion leaves.</summary>
internal static class WeightCheck
{
    /// <summary>Reads every weight until one is not finite.</summary>
    /// <returns>Which weight, under TransformerLens's name, and what it holds where; null where all are finite.</returns>
    public static string? FindNonFinite(NetworkWeights weights)
    {
        foreach ((string name, WeightMatrix? matrix, WeightVector? vector) in NamedWeight.Of(weights))
        {
            if ((matrix is null ? null : In(matrix)) is { } place)
            {
                return $"{name} is {place.Value} at row {place.Row}, column {place.Column} of {Quote.Shape([matrix!.Rows, matrix.Columns])}";
            }

            if (vector is not null && FirstIn(vector.Float64) is >= 0 and int index)
            {
                return FormattableString.Invariant($"{name} is {vector.Float64[index]} at index {index} of {vector.Length}");
            }
        }

        return null;
    }

    private static (string Value, int Row, int Column)? In(WeightMatrix matrix)
    {
        double[] row = new double[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.DecodeRow<double>(r, row);
            if (FirstIn(row) is >= 0 and int column)
            {
                return (FormattableString.Invariant($"{row[column]}"), r, column);
            }
        }

        return null;
    }

    private static int FirstIn(ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
