namespace Cutaway.Models.Formats;

/// <summary>Arithmetic on shapes read from files, which may claim anything.</summary>
internal static class TensorShape
{
    /// <summary>More axes than any model has; keeps shapes from outgrowing their file.</summary>
    public const int MostAxes = 8;

    /// <summary>The number of values, or null where an extent is negative or the product is beyond 2⁶³.</summary>
    public static long? Count(IReadOnlyList<long> shape)
    {
        UInt128 product = 1;
        bool empty = false;
        foreach (long extent in shape)
        {
            if (extent < 0)
            {
                return null;
            }

            empty |= extent == 0;
            product *= (UInt128)Math.Max(extent, 1);
            if (product > long.MaxValue)
            {
                return null;
            }
        }

        return empty ? 0 : (long)product;
    }
}
