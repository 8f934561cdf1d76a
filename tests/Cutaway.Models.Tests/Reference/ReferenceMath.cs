using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Reference;

/// <summary>The arithmetic of published model code, vector by vector in double precision, as plainly as it can be written.</summary>
internal static class ReferenceMath
{
    /// <summary>weight · x + bias, with the weight stored [outputs, inputs].</summary>
    public static double[] Linear(this ReferenceCheckpoint c, double[] x, string name, int outputs, bool bias = false) =>
        Multiply(c.Take(name + ".weight", outputs, x.Length), x, bias ? c.Take(name + ".bias", outputs) : null);

    /// <summary>matrix · x + bias.</summary>
    public static double[] Multiply(double[] matrix, double[] x, double[]? bias = null)
    {
        double[] y = new double[matrix.Length / x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            double sum = bias?[i] ?? 0;
            for (int j = 0; j < x.Length; j++)
            {
                sum += matrix[(i * x.Length) + j] * x[j];
            }

            y[i] = sum;
        }

        return y;
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) · weight + bias.</summary>
    public static double[] LayerNorm(double[] x, double epsilon, double[]? weight = null, double[]? bias = null)
    {
        double mean = x.Average();
        double deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + epsilon);
        return [.. x.Select((value, i) => ((value - mean) / deviation * (weight?[i] ?? 1)) + (bias?[i] ?? 0))];
    }

    /// <summary>LayerNorm with a stored weight, and a bias where there is one.</summary>
    public static double[] LayerNorm(this ReferenceCheckpoint c, double[] x, string name, double epsilon, bool bias) =>
        LayerNorm(x, epsilon, c.Take(name + ".weight", x.Length), bias ? c.Take(name + ".bias", x.Length) : null);

    /// <summary>x / sqrt(mean of squares + epsilon) · weight.</summary>
    public static double[] RmsNorm(this ReferenceCheckpoint c, double[] x, string name, double epsilon)
    {
        double[] weight = c.Take(name + ".weight", x.Length);
        double scale = Math.Sqrt(x.Average(value => value * value) + epsilon);
        return [.. x.Select((value, i) => value / scale * weight[i])];
    }

    /// <summary>Rotary positions of one head: pairs (i, i + n/2), or neighbours, of the first n elements.</summary>
    public static double[] Rotate(double[] x, int position, double theta, int n, bool neighbours = false)
    {
        double[] y = [.. x];
        for (int i = 0; i < n / 2; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * Math.Pow(theta, -2.0 * i / n));
            (int a, int b) = neighbours ? (2 * i, (2 * i) + 1) : (i, i + (n / 2));
            y[a] = (x[a] * cosine) - (x[b] * sine);
            y[b] = (x[b] * cosine) + (x[a] * sine);
        }

        return y;
    }

    /// <summary>Head h of a vector of heads.</summary>
    public static double[] Head(double[] x, int head, int width) => x[(head * width)..((head + 1) * width)];

    /// <summary>A vector with every head changed.</summary>
    public static double[] PerHead(double[] x, int width, Func<double[], int, double[]> change) =>
        [.. Enumerable.Range(0, x.Length / width).SelectMany(head => change(Head(x, head, width), head))];

    /// <summary>Attention of all positions: each query's heads read the key heads they share.</summary>
    /// <param name="q">[position][heads · width].</param>
    /// <param name="k">[position][key heads · width].</param>
    /// <param name="v">[position][key heads · width].</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="scale">Factor on q·k.</param>
    /// <param name="sees">Whether a query sees a key.</param>
    /// <param name="bias">Added to the score of a head, query and key.</param>
    public static double[][] Attend(double[][] q, double[][] k, double[][] v, int heads, double scale, Func<int, int, bool> sees, Func<int, int, int, double>? bias = null)
    {
        int width = q[0].Length / heads;
        int group = heads / (k[0].Length / width);
        double[][] result = [.. q.Select(_ => new double[heads * width])];
        for (int head = 0; head < heads; head++)
        {
            for (int query = 0; query < q.Length; query++)
            {
                int[] seen = [.. Enumerable.Range(0, k.Length).Where(key => sees(query, key))];
                double[] scores = [.. seen.Select(key => (scale * Head(q[query], head, width).Zip(Head(k[key], head / group, width), (a, b) => a * b).Sum()) + (bias?.Invoke(head, query, key) ?? 0))];
                double max = scores.Max();
                double[] weights = [.. scores.Select(score => Math.Exp(score - max))];
                double sum = weights.Sum();
                for (int i = 0; i < seen.Length; i++)
                {
                    double[] value = Head(v[seen[i]], head / group, width);
                    for (int j = 0; j < width; j++)
                    {
                        result[query][(head * width) + j] += weights[i] / sum * value[j];
                    }
                }
            }
        }

        return result;
    }

    /// <summary>a + b · factor.</summary>
    public static double[] Add(double[] a, double[] b, double factor = 1) => [.. a.Zip(b, (x, y) => x + (factor * y))];

    /// <summary>x · factor.</summary>
    public static double[] Times(double[] x, double factor) => Array.ConvertAll(x, value => value * factor);

    /// <summary>x between minus a bound and the bound.</summary>
    public static double[] Clip(double[] x, double bound) => Array.ConvertAll(x, value => Math.Clamp(value, -bound, bound));

    /// <summary>x / (1 + e^-x).</summary>
    public static double[] Silu(double[] x) => Array.ConvertAll(x, value => value / (1 + Math.Exp(-value)));

    /// <summary>GELU with the error function.</summary>
    public static double[] Gelu(double[] x) => Array.ConvertAll(x, value => Activations.Scalar(ActivationKind.GeluExact, value));

    /// <summary>GELU by the hyperbolic tangent.</summary>
    public static double[] GeluTanh(double[] x) => Array.ConvertAll(x, value => 0.5 * value * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (value + (0.044715 * value * value * value)))));

    /// <summary>max(0, x)².</summary>
    public static double[] ReluSquared(double[] x) => Array.ConvertAll(x, value => Math.Max(0, value) * Math.Max(0, value));

    /// <summary>down(act(gate(x)) · up(x)).</summary>
    public static double[] Gated(this ReferenceCheckpoint c, double[] x, string name, int width, bool bias = false)
    {
        double[] gate = Silu(c.Linear(x, name + ".gate_proj", width, bias));
        return c.Linear([.. gate.Zip(c.Linear(x, name + ".up_proj", width, bias), (a, b) => a * b)], name + ".down_proj", x.Length, bias);
    }

    /// <summary>The softmax.</summary>
    public static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double[] e = Array.ConvertAll(x, value => Math.Exp(value - max));
        double sum = e.Sum();
        return Array.ConvertAll(e, value => value / sum);
    }
}
