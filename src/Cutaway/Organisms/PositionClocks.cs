namespace Cutaway.Organisms;

/// <summary>
/// Positions as the hands of four clocks: a unit vector of eight coordinates. One step turns every hand by its own angle, so
/// "one earlier" is a rotation, and two positions look alike only by chance: the product of the codes of different ones is
/// between -0.74 and 0.45. The speeds were searched for this.
/// </summary>
internal static class PositionClocks
{
    /// <summary>How many positions there are.</summary>
    public const int Context = 64;

    private static readonly int[] TurnsPerContext = [2, 9, 21, 29];

    /// <summary>Coordinates of a code.</summary>
    public static int Width => 2 * TurnsPerContext.Length;

    /// <summary>The code of a position.</summary>
    public static double[] Code(int position)
    {
        double length = Math.Sqrt(TurnsPerContext.Length);
        return [.. TurnsPerContext.SelectMany(turns => new[] { Math.Cos(Angle(turns, position)) / length, Math.Sin(Angle(turns, position)) / length })];
    }

    /// <summary>The matrix [Width, Width] that takes a position's code to that of the position before it.</summary>
    public static double[,] StepBack()
    {
        double[,] rotation = new double[Width, Width];
        for (int clock = 0; clock < TurnsPerContext.Length; clock++)
        {
            (double sin, double cos) = Math.SinCos(Angle(TurnsPerContext[clock], 1));
            int at = 2 * clock;
            (rotation[at, at], rotation[at, at + 1]) = (cos, sin);
            (rotation[at + 1, at], rotation[at + 1, at + 1]) = (-sin, cos);
        }

        return rotation;
    }

    private static double Angle(int turns, int position) => 2 * Math.PI * turns * position / Context;
}
