namespace Cutaway.Models.Reference;

/// <summary>The parts of networks as their papers write them, one sum after another in double precision; rows are positions.</summary>
internal static class Naive
{
    /// <summary>y = W x + b, with W [outputs, inputs].</summary>
    public static double[][] Linear(double[][] x, double[] weight, double[]? bias = null)
    {
        int inputs = x[0].Length;
        return [.. x.Select(row => Enumerable.Range(0, weight.Length / inputs)
            .Select(o => (bias?[o] ?? 0) + row.Select((value, i) => value * weight[(o * inputs) + i]).Sum()).ToArray())];
    }

    /// <summary>RMSNorm (Zhang and Sennrich 2019).</summary>
    public static double[][] Rms(double[][] x, double[] weight, double epsilon) => [.. x.Select(row =>
    {
        double scale = 1 / Math.Sqrt(row.Average(value => value * value) + epsilon);
        return row.Select((value, i) => value * scale * weight[i]).ToArray();
    })];

    public static double[] Softmax(IReadOnlyList<double> x)
    {
        double most = x.Max();
        double sum = x.Sum(value => Math.Exp(value - most));
        return [.. x.Select(value => Math.Exp(value - most) / sum)];
    }

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double[][] Add(double[][] a, double[][] b, double scale = 1) => [.. a.Zip(b, (x, y) => x.Zip(y, (p, q) => p + (scale * q)).ToArray())];

    /// <summary>A run of every row.</summary>
    public static double[][] Part(double[][] x, int start, int count) => [.. x.Select(row => row[start..(start + count)])];

    /// <summary>silu(x G) * (x U) D.</summary>
    public static double[][] GatedMlp(double[][] x, double[] gate, double[] up, double[] down)
    {
        double[][] activated = [.. Linear(x, gate).Zip(Linear(x, up), (g, u) => g.Zip(u, (a, b) => a * Sigmoid(a) * b).ToArray())];
        return Linear(activated, down);
    }

    /// <summary>Rotation of a vector whose pairs are (i, i + D/2), by a frequency a pair; cosine and sine times a factor.</summary>
    public static double[] Rotate(double[] x, int position, double[] frequencies, double factor = 1)
    {
        int half = x.Length / 2;
        double[] y = new double[x.Length];
        for (int i = 0; i < half; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
            y[i] = factor * ((x[i] * cosine) - (x[i + half] * sine));
            y[i + half] = factor * ((x[i + half] * cosine) + (x[i] * sine));
        }

        return y;
    }

    /// <summary>base^(-2i/D).</summary>
    public static double[] Frequencies(double theta, int dimensions) => [.. Enumerable.Range(0, dimensions / 2).Select(i => Math.Pow(theta, -2.0 * i / dimensions))];

    /// <summary>Causal attention: [head][pos] vectors in, [pos][head · width of values] out.</summary>
    public static double[][] Attend(double[][][] queries, double[][][] keys, double[][][] values, double scale)
    {
        int group = queries.Length / keys.Length;
        return [.. Enumerable.Range(0, queries[0].Length).Select(position => Enumerable.Range(0, queries.Length).SelectMany(head =>
        {
            double[] pattern = Softmax([.. Enumerable.Range(0, position + 1).Select(key => scale * queries[head][position].Zip(keys[head / group][key], (q, k) => q * k).Sum())]);
            return Enumerable.Range(0, values[0][0].Length).Select(i => pattern.Select((weight, key) => weight * values[head / group][key][i]).Sum());
        }).ToArray())];
    }

    /// <summary>Rows cut into heads: [head][pos][width].</summary>
    public static double[][][] Heads(double[][] x, int width) => [.. Enumerable.Range(0, x[0].Length / width).Select(head => Part(x, head * width, width))];

    /// <summary>The places of the largest values; of equal ones the first.</summary>
    public static int[] Largest(IReadOnlyList<double> x, int count) => [.. Enumerable.Range(0, x.Count).OrderByDescending(i => x[i]).ThenBy(i => i).Take(count)];

    /// <summary>What chosen experts write: the sum over them of weight times MLP, position by position.</summary>
    /// <param name="x">Their input.</param>
    /// <param name="choose">The experts of a position with their weights.</param>
    /// <param name="expert">What an expert writes for some rows.</param>
    public static double[][] Mixture(double[][] x, Func<int, IEnumerable<(int Expert, double Weight)>> choose, Func<int, double[][], double[][]> expert) =>
        [.. x.Select((row, position) => choose(position).Aggregate(new double[row.Length], (sum, chosen) => Add([sum], expert(chosen.Expert, [row]), chosen.Weight)[0]))];
}
