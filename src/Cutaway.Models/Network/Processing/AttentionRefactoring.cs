using Cutaway.Tensors;
using Cutaway.Tensors.LinearAlgebra;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network.Processing;

/// <summary>
/// Rewrites each head in the basis of its singular vectors: W_Q W_Kᵀ (with the biases as one more row of each) becomes
/// (U √S)(V √S)ᵀ, and W_V W_O becomes (U S) Vᵀ. A head reads its residual stream only through these products.
/// </summary>
internal static class AttentionRefactoring
{
    /// <summary>Refactors every head; value biases are folded first.</summary>
    public static NetworkWeights Apply(NetworkConfig config, NetworkWeights weights, DType storage)
    {
        weights = ValueBiasFolding.Apply(config, weights);
        (int heads, int dHead, int dModel) = (config.Heads, config.DHead, config.DModel);
        return weights with { Blocks = [.. weights.Blocks.Select(block => block with { Attention = Refactor(block.Attention) })] };

        AttentionWeights Refactor(AttentionWeights attention)
        {
            (double[][] Query, double[][] Key, double[][] Value, double[][] Output) rows = (new double[heads * dHead][], new double[heads * dHead][], new double[heads * dHead][], new double[heads * dHead][]);
            double[][] output = Columns(attention.Output.Weight);
            for (int head = 0; head < heads; head++)
            {
                int first = head * dHead;
                ProductSvd reading = ProductSvd.Of(WithBias(attention.Query, first), WithBias(attention.Key, first));
                ProductSvd writing = ProductSvd.Of(Rows(attention.Value.Weight, first), output[first..(first + dHead)]);
                for (int i = 0; i < dHead; i++)
                {
                    double root = Math.Sqrt(reading.Values[i]);
                    rows.Query[first + i] = Scaled(reading.Left[i], root);
                    rows.Key[first + i] = Scaled(reading.Right[i], root);
                    rows.Value[first + i] = Scaled(writing.Left[i], writing.Values[i]);
                    rows.Output[first + i] = writing.Right[i];
                }
            }

            return attention with
            {
                Query = Reader(rows.Query),
                Key = Reader(rows.Key),
                Value = new LinearWeights(Matrix(rows.Value, dModel)),
                Output = attention.Output with { Weight = Matrix([.. Enumerable.Range(0, dModel).Select(d => Array.ConvertAll(rows.Output, row => row[d]))], heads * dHead) },
            };
        }

        double[][] Rows(WeightMatrix matrix, int first)
        {
            double[] values = matrix.SliceRows(first, dHead).Decode<double>();
            return [.. values.Chunk(dModel)];
        }

        double[][] WithBias(LinearWeights linear, int first) =>
        [
            .. Rows(linear.Weight, first).Select((row, i) => (double[])[.. row, linear.Bias?.Float64[first + i] ?? 0]),
        ];

        double[][] Columns(WeightMatrix matrix)
        {
            double[] values = matrix.Decode<double>();
            return [.. Enumerable.Range(0, matrix.Columns).Select(column => Enumerable.Range(0, dModel).Select(row => values[(row * matrix.Columns) + column]).ToArray())];
        }

        // The last element of a row is the bias.
        LinearWeights Reader(double[][] rows) => new(
            Matrix([.. rows.Select(row => row[..dModel])], dModel),
            new WeightVector([.. rows.Select(row => row[dModel])]));

        WeightMatrix Matrix(double[][] rows, int columns)
        {
            double[] values = [.. rows.SelectMany(row => row)];
            return storage == DType.Float64
                ? WeightMatrix.FromArray(values, rows.Length, columns)
                : WeightMatrix.FromArray(Array.ConvertAll(values, value => (float)value), rows.Length, columns);
        }
    }

    private static double[] Scaled(double[] vector, double factor) => Array.ConvertAll(vector, value => value * factor);
}
