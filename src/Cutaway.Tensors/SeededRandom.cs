namespace Cutaway.Tensors;

/// <summary>Random numbers that are the same on every machine for a seed: SplitMix64 (Steele, Lea and Flood 2014, figure 17).</summary>
public sealed class SeededRandom(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(state += Step);

    /// <summary>A number in [0, 1), with 53 random bits.</summary>
    public double NextDouble() => Unit(NextBits());

    /// <summary>The number that <see cref="NextDouble"/> would give after <paramref name="index"/> others, without them: a draw that depends on its place only.</summary>
    public static double DoubleAt(ulong seed, ulong index) => Unit(Mix(seed + ((index + 1) * Step)));

    /// <summary>A whole number in [0, <paramref name="bound"/>).</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)(((UInt128)NextBits() * (ulong)bound) >> 64);
    }

    /// <summary>A draw from the standard normal distribution (Box and Muller 1958).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    private static double Unit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
