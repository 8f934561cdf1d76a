namespace Cutaway.Tensors.LinearAlgebra;

/// <summary>
/// The singular value decomposition of a product of two thin matrices, such as a head's W_Q W_Kᵀ, without forming it:
/// Σ left_i ⊗ right_i = Σ values_i · u_i ⊗ v_i. Singular values descend; vectors are free up to sign.
/// </summary>
/// <remarks>
/// Each factor is made orthonormal (Gram and Schmidt, each vector twice: Giraud et al. 2005), which leaves a small square
/// core; that is decomposed by turning its columns until they are orthogonal (one-sided Jacobi: Hestenes 1958).
/// </remarks>
public sealed class ProductSvd
{
    private const int MostSweeps = 60;
    private const double Orthogonal = 1e-15;

    private ProductSvd(double[] values, double[][] left, double[][] right)
    {
        Values = values;
        Left = left;
        Right = right;
    }

    /// <summary>Singular values, [rank], largest first.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>u, one a singular value, [rank][left width]; zero where the value is.</summary>
    public IReadOnlyList<double[]> Left { get; }

    /// <summary>v, one a singular value, [rank][right width].</summary>
    public IReadOnlyList<double[]> Right { get; }

    /// <summary>Decomposes Σ left_i ⊗ right_i.</summary>
    /// <param name="left">Columns of the left factor, [rank][left width].</param>
    /// <param name="right">Rows of the right factor, [rank][right width].</param>
    /// <exception cref="ArgumentException">The factors have different ranks.</exception>
    public static ProductSvd Of(IReadOnlyList<double[]> left, IReadOnlyList<double[]> right)
    {
        int rank = left.Count;
        if (right.Count != rank)
        {
            throw new ArgumentException($"the factors have {rank} and {right.Count} inner vectors", nameof(right));
        }

        (double[][] leftBasis, double[,] leftParts) = Orthonormalise(left);
        (double[][] rightBasis, double[,] rightParts) = Orthonormalise(right);
        double[][] columns = new double[rank][];
        double[][] turns = new double[rank][];
        for (int g = 0; g < rank; g++)
        {
            columns[g] = new double[rank];
            turns[g] = new double[rank];
            turns[g][g] = 1;
            for (int f = 0; f < rank; f++)
            {
                for (int i = 0; i < rank; i++)
                {
                    columns[g][f] += leftParts[f, i] * rightParts[g, i];
                }
            }
        }

        Turn(columns, turns);
        double[] lengths = Array.ConvertAll(columns, column => Math.Sqrt(Dot(column, column)));
        int[] order = [.. Enumerable.Range(0, rank).OrderByDescending(i => lengths[i])];
        return new ProductSvd(
            [.. order.Select(i => lengths[i])],
            [.. order.Select(i => Combine(leftBasis, columns[i], lengths[i] > 0 ? 1 / lengths[i] : 0))],
            [.. order.Select(i => Combine(rightBasis, turns[i], 1))]);
    }

    /// <summary>vectors_i = Σ_f basis_f · parts[f, i]; a vector that adds nothing new has a basis vector of zeros.</summary>
    private static (double[][] Basis, double[,] Parts) Orthonormalise(IReadOnlyList<double[]> vectors)
    {
        int count = vectors.Count;
        double[][] basis = new double[count][];
        double[,] parts = new double[count, count];
        for (int i = 0; i < count; i++)
        {
            double[] rest = [.. vectors[i]];
            double before = Math.Sqrt(Dot(rest, rest));
            for (int pass = 0; pass < 2; pass++)
            {
                for (int f = 0; f < i; f++)
                {
                    double part = Dot(basis[f], rest);
                    parts[f, i] += part;
                    AddScaled(rest, basis[f], -part);
                }
            }

            double length = Math.Sqrt(Dot(rest, rest));
            bool isNew = length > before * Orthogonal;
            parts[i, i] = isNew ? length : 0;
            basis[i] = Array.ConvertAll(rest, value => isNew ? value / length : 0);
        }

        return (basis, parts);
    }

    /// <summary>Turns pairs of columns until all are orthogonal, and <paramref name="turns"/> along with them.</summary>
    private static void Turn(double[][] columns, double[][] turns)
    {
        bool turned = true;
        for (int sweep = 0; sweep < MostSweeps && turned; sweep++)
        {
            turned = false;
            for (int p = 0; p < columns.Length; p++)
            {
                for (int q = p + 1; q < columns.Length; q++)
                {
                    double pp = Dot(columns[p], columns[p]);
                    double qq = Dot(columns[q], columns[q]);
                    double pq = Dot(columns[p], columns[q]);
                    if (Math.Abs(pq) <= Orthogonal * Math.Sqrt(pp * qq))
                    {
                        continue;
                    }

                    // The smaller of the two angles whose turn makes the pair orthogonal.
                    double cotangent = (qq - pp) / (2 * pq);
                    double tangent = 1 / (Math.Abs(cotangent) + Math.Sqrt(1 + (cotangent * cotangent)));
                    tangent = cotangent < 0 ? -tangent : tangent;
                    double cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
                    Rotate(columns[p], columns[q], cosine, cosine * tangent);
                    Rotate(turns[p], turns[q], cosine, cosine * tangent);
                    turned = true;
                }
            }
        }
    }

    private static void Rotate(double[] p, double[] q, double cosine, double sine)
    {
        for (int i = 0; i < p.Length; i++)
        {
            (p[i], q[i]) = ((cosine * p[i]) - (sine * q[i]), (sine * p[i]) + (cosine * q[i]));
        }
    }

    private static double[] Combine(double[][] basis, double[] weights, double scale)
    {
        double[] sum = new double[basis.Length == 0 ? 0 : basis[0].Length];
        for (int f = 0; f < basis.Length; f++)
        {
            AddScaled(sum, basis[f], weights[f] * scale);
        }

        return sum;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void AddScaled(double[] target, double[] vector, double factor)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += factor * vector[i];
        }
    }
}
