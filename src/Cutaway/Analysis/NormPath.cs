using Cutaway.Models.Network;

namespace Cutaway.Analysis;

/// <summary>A norm as the linear map that is left when its scale is held: centring (LayerNorm only), then its weight.</summary>
internal static class NormPath
{
    /// <summary>Takes a vector that is written before a norm to what the norm passes on at scale 1, without its bias.</summary>
    public static double[] Forward(NetworkConfig config, ReadOnlySpan<double> written, NormWeights? norm)
    {
        double[] result = written.ToArray();
        Centre(config, result);
        Weigh(config, result, norm);
        return result;
    }

    /// <summary>Takes a direction that reads after a norm to the direction that reads the same before it: the transpose of <see cref="Forward"/>.</summary>
    public static double[] Back(NetworkConfig config, ReadOnlySpan<double> reader, NormWeights? norm)
    {
        double[] result = reader.ToArray();
        Weigh(config, result, norm);
        Centre(config, result);
        return result;
    }

    /// <summary>Subtracts the mean where the norm does.</summary>
    public static void Centre(NetworkConfig config, Span<double> values)
    {
        if (config.Norm != NormKind.Layer)
        {
            return;
        }

        double mean = 0;
        foreach (double value in values)
        {
            mean += value;
        }

        mean /= values.Length;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] -= mean;
        }
    }

    private static void Weigh(NetworkConfig config, double[] values, NormWeights? norm)
    {
        if (config.Norm == NormKind.None || norm?.Weight is not { } weight)
        {
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= weight.Float64[i] + config.NormWeightOffset;
        }
    }
}
