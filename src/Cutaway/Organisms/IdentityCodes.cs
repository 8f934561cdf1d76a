using System.Numerics;

namespace Cutaway.Organisms;

/// <summary>
/// Up to 128 unit vectors of 16 coordinates, each ±1/4, any two of which have a product of 0 or ±1/4: eight mutually
/// unbiased bases of R¹⁶, made from a Kerdock set of quadratic forms over GF(2) (Cameron and Seidel 1973; Calderbank,
/// Cameron, Kantor and Seidel 1997). They give a vocabulary identities that are far apart in few coordinates; vectors of one
/// basis are orthogonal.
/// </summary>
internal static class IdentityCodes
{
    /// <summary>Coordinates of a code, and codes of a basis.</summary>
    public const int Width = 16;

    private const int Bits = 4;

    /// <summary>Quadratic forms in four bits: bit k says whether the k-th of the products 01, 02, 03, 12, 13, 23 occurs. The sum of any two is non-singular.</summary>
    private static readonly int[] Forms = [0b000000, 0b001100, 0b010110, 0b011011, 0b100111, 0b101001, 0b110101, 0b111010];

    /// <summary>How many bases there are.</summary>
    public static int Bases => Forms.Length;

    /// <summary>A code.</summary>
    /// <param name="basis">Which basis.</param>
    /// <param name="index">Which of its vectors.</param>
    public static double[] Code(int basis, int index)
    {
        double[] code = new double[Width];
        for (int x = 0; x < Width; x++)
        {
            int sign = Quadratic(Forms[basis], x) ^ (BitOperations.PopCount((uint)(index & x)) & 1);
            code[x] = sign == 0 ? 0.25 : -0.25;
        }

        return code;
    }

    private static int Quadratic(int form, int x)
    {
        int value = 0;
        int product = 0;
        for (int i = 0; i < Bits; i++)
        {
            for (int j = i + 1; j < Bits; j++)
            {
                value ^= (form >> product++) & (x >> i) & (x >> j) & 1;
            }
        }

        return value;
    }
}
