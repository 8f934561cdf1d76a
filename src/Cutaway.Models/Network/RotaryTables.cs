using System.Numerics;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>Cosines and sines of rotary positions, grown as longer texts come; angles are computed in double precision.</summary>
internal sealed class RotaryTables
{
    private readonly Dictionary<RotaryConfig, (object Cosines, object Sines, int Length, int Basis)> tables = new(ReferenceEqualityComparer.Instance);

    /// <summary>Tables [length, pairs] or longer for a sequence of the given length.</summary>
    public (NativeBuffer<T> Cosines, NativeBuffer<T> Sines) For<T>(RotaryConfig config, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Dynamic scaling takes its frequencies from the length of the sequence, so its tables serve one length only.
        int basis = config.FrequenciesForLength is null ? 0 : length;
        if (tables.TryGetValue(config, out (object Cosines, object Sines, int Length, int Basis) known)
            && known.Length >= length && known.Basis == basis && known.Cosines is NativeBuffer<T> c)
        {
            return (c, (NativeBuffer<T>)known.Sines);
        }

        int capacity = basis == 0 ? Math.Max(64, (int)BitOperations.RoundUpToPowerOf2((uint)length)) : length;
        IReadOnlyList<double> frequencies = config.FrequenciesForLength?.Invoke(length) ?? config.Frequencies;
        int pairs = frequencies.Count;
        NativeBuffer<T> cosines = new((long)capacity * pairs);
        NativeBuffer<T> sines = new((long)capacity * pairs);
        for (int position = 0; position < capacity; position++)
        {
            for (int i = 0; i < pairs; i++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
                cosines.Span[(position * pairs) + i] = T.CreateTruncating(cosine * config.Factor);
                sines.Span[(position * pairs) + i] = T.CreateTruncating(sine * config.Factor);
            }
        }

        tables[config] = (cosines, sines, capacity, basis);
        return (cosines, sines);
    }
}
