using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Models.Architectures;

/// <summary>Where a value of a network's vector lies in the checkpoint.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Index">The value's place there, row-major.</param>
/// <param name="Factor">What the family multiplies it by.</param>
internal readonly record struct VectorOrigin(StoredTensor Tensor, int Index, double Factor);

/// <summary>
/// Finds the place of every value of a network's vectors (norms, biases), which families cut out of tensors, reorder and
/// scale. The family maps the checkpoint twice with other numbers in its vectors: once n, once n², where n counts the values
/// of all tensors. A value that comes out as f · n and f · n² came from the n-th, times f.
/// </summary>
internal sealed class VectorOrigins
{
    private const double Rounding = 1e-6;

    private readonly List<(StoredTensor Tensor, long First)> ranges = [];
    private readonly Dictionary<string, long> firsts = new(StringComparer.Ordinal);
    private long next = 1;

    /// <summary>The place of each value of each vector, by the vector's name; null where a value comes from no tensor.</summary>
    /// <param name="map">Maps the checkpoint with other values in its vectors.</param>
    public static Dictionary<string, VectorOrigin?[]> Find(Func<Func<StoredTensor, double[]>, NetworkWeights> map)
    {
        VectorOrigins origins = new();
        NamedWeight[] once = Vectors(tensor => origins.Numbers(tensor, number => number));
        NamedWeight[] squared = Vectors(tensor => origins.Numbers(tensor, number => number * number));
        return once.Zip(squared).ToDictionary(
            pair => pair.First.Name,
            pair => pair.First.Vector!.Float64.ToArray().Zip(pair.Second.Vector!.Float64.ToArray(), origins.Origin).ToArray(),
            StringComparer.Ordinal);

        NamedWeight[] Vectors(Func<StoredTensor, double[]> values) => [.. NamedWeight.Of(map(values)).Where(weight => weight.Vector is not null)];
    }

    private double[] Numbers(StoredTensor tensor, Func<double, double> function)
    {
        if (!firsts.TryGetValue(tensor.Name, out long first))
        {
            first = next;
            next += tensor.Count;
            firsts.Add(tensor.Name, first);
            ranges.Add((tensor, first));
        }

        double[] numbers = new double[tensor.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = function(first + i);
        }

        return numbers;
    }

    private VectorOrigin? Origin(double once, double squared)
    {
        double number = Math.Round(squared / once);
        if (!double.IsFinite(number) || Math.Abs((squared / once) - number) > Rounding * number || number < 1 || number >= next)
        {
            return null;
        }

        (StoredTensor tensor, long first) = ranges.FindLast(range => range.First <= number);
        return new VectorOrigin(tensor, (int)((long)number - first), once / number);
    }
}
