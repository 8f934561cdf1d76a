using System.Numerics;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network.Processing;

/// <summary>Makes a new weight matrix row by row, so that no widened copy of the old one is held.</summary>
internal static class MatrixRewriting
{
    /// <summary>Changes one row in place.</summary>
    /// <param name="row">Its index.</param>
    /// <param name="values">[columns].</param>
    public delegate void RowChange(int row, Span<double> values);

    /// <summary>The matrix with every row changed.</summary>
    public static WeightMatrix Rewrite(this WeightMatrix matrix, DType storage, RowChange change) =>
        storage == DType.Float64 ? Rewrite<double>(matrix, change) : Rewrite<float>(matrix, change);

    /// <summary>The mean of each column over all rows, [columns].</summary>
    public static double[] ColumnMeans(this WeightMatrix matrix)
    {
        double[] sums = new double[matrix.Columns];
        double[] row = new double[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.DecodeRow<double>(r, row);
            for (int column = 0; column < row.Length; column++)
            {
                sums[column] += row[column];
            }
        }

        return Array.ConvertAll(sums, sum => sum / matrix.Rows);
    }

    /// <summary>matrix · vector in double precision, [rows].</summary>
    public static double[] Times(this WeightMatrix matrix, ReadOnlySpan<double> vector)
    {
        double[] result = new double[matrix.Rows];
        double[] row = new double[matrix.Columns];
        for (int r = 0; r < result.Length; r++)
        {
            matrix.DecodeRow<double>(r, row);
            double sum = 0;
            for (int column = 0; column < row.Length; column++)
            {
                sum += row[column] * vector[column];
            }

            result[r] = sum;
        }

        return result;
    }

    /// <summary>Subtracts the mean of the values from each.</summary>
    public static void Centre(Span<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        double mean = sum / values.Length;
        foreach (ref double value in values)
        {
            value -= mean;
        }
    }

    /// <summary>A bias with a vector added to it; an absent bias is zero.</summary>
    public static WeightVector Plus(this WeightVector? bias, double[] added) => new(bias is null
        ? added
        : [.. added.Select((value, i) => value + bias.Float64[i])]);

    private static unsafe WeightMatrix Rewrite<T>(WeightMatrix matrix, RowChange change)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        NativeBuffer<T> buffer = new((long)matrix.Rows * matrix.Columns);
        double[] row = new double[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.DecodeRow<double>(r, row);
            change(r, row);
            Span<T> target = buffer.Span.Slice(r * row.Length, row.Length);
            for (int column = 0; column < row.Length; column++)
            {
                target[column] = T.CreateTruncating(row[column]);
            }
        }

        ElementType type = typeof(T) == typeof(double) ? ElementType.Float64 : ElementType.Float32;
        return WeightMatrix.FromMemory(buffer, (byte*)buffer.Pointer, type, matrix.Rows, matrix.Columns);
    }
}
