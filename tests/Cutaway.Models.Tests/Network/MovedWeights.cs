using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>A network with one weight moved, in double precision.</summary>
internal static class MovedWeights
{
    /// <summary>Adds a step along a direction to one weight.</summary>
    public static TransformerNetwork Create(TransformerNetwork network, NamedWeight moved, double[] direction, double step)
    {
        return new(network.Config, network.Weights.Replace(Matrix, Vector), network.Pool);

        WeightMatrix Matrix(WeightMatrix matrix) => ReferenceEquals(matrix, moved.Matrix)
            ? WeightMatrix.FromArray(Move(matrix.Decode<double>()), matrix.Rows, matrix.Columns)
            : matrix;

        WeightVector Vector(WeightVector vector) => ReferenceEquals(vector, moved.Vector) ? new WeightVector(Move(vector.Float64.ToArray())) : vector;

        double[] Move(double[] values) => [.. values.Select((value, i) => value + (step * direction[i]))];
    }
}
