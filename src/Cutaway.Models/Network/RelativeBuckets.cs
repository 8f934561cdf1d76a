namespace Cutaway.Models.Network;

/// <summary>
/// How distances between key and query fall into buckets, each with a learned bias on the score (Raffel et al. 2020, section
/// 2.1): near ones have a bucket each, farther ones share buckets of logarithmic width.
/// </summary>
/// <param name="Count">How many buckets.</param>
/// <param name="MaxDistance">From this distance on all share the last bucket.</param>
/// <param name="BothWays">Whether half of the buckets are for keys after the query; else those share the bucket of distance 0.</param>
public sealed record RelativeBuckets(int Count, int MaxDistance, bool BothWays)
{
    /// <summary>The bucket of a distance.</summary>
    /// <param name="distance">The key's position less the query's.</param>
    public int Of(int distance)
    {
        int side = BothWays ? Count / 2 : Count;
        int first = BothWays && distance > 0 ? side : 0;
        int away = BothWays ? Math.Abs(distance) : Math.Max(0, -distance);
        int exact = side / 2;
        if (away < exact)
        {
            return first + away;
        }

        // In single precision, as the models were trained: it decides at the edges of buckets.
        float part = MathF.Log((float)away / exact) / (float)Math.Log((double)MaxDistance / exact);
        return first + Math.Min(side - 1, exact + (int)(part * (side - exact)));
    }
}
