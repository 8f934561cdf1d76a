using Cutaway.Tensors.Storage;

namespace Cutaway.Analysis;

/// <summary>Neighbouring columns of a stored weight, such as what one head or one neuron writes to each dimension of the residual stream.</summary>
internal static class WeightColumns
{
    /// <summary>Widens some columns; the matrix is read row by row, as it is stored, and never held as a whole.</summary>
    /// <param name="weight">[rows, columns].</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">How many.</param>
    /// <returns>[rows][count].</returns>
    public static double[][] Of(WeightMatrix weight, int first, int count)
    {
        double[] row = new double[weight.Columns];
        double[][] columns = new double[weight.Rows][];
        for (int i = 0; i < columns.Length; i++)
        {
            weight.DecodeRow<double>(i, row);
            columns[i] = row[first..(first + count)];
        }

        return columns;
    }
}
