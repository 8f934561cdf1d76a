using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Analysis;

/// <summary>
/// The linear estimate of what patching every place of a grid would do: the change of its activation times the gradient there
/// (Nanda 2023, "Attribution Patching"). Two forward passes and one backward serve all places of all sites.
/// </summary>
internal sealed class PatchAttribution
{
    private readonly PatchGrid grid;
    private readonly TokenBatch tokens;
    private readonly int positions;
    private readonly double[][][] effects;

    private PatchAttribution(PatchGrid grid, TokenBatch tokens, int positions)
    {
        this.grid = grid;
        this.tokens = tokens;
        this.positions = positions;
        effects = [.. Enumerable.Range(0, tokens.Batch).Select(_ => grid.Cells.Select(row => row.Select(cell => cell is null ? double.NaN : 0).ToArray()).ToArray())];
    }

    /// <summary>What the base run must keep.</summary>
    public static PlanItem[] Needs(PatchGrid grid) =>
        [.. grid.Points.SelectMany(point => new PlanItem[] { Capture.At(point.Name), CaptureGradient.At(point.Name) })];

    /// <summary>What the other run must keep.</summary>
    public static PlanItem[] OtherNeeds(PatchGrid grid) => Capture.All([.. grid.Points.Select(point => new Site(point.Name))]);

    /// <summary>The estimated change of the metric, [pair][row][column] of the grid.</summary>
    /// <param name="grid">The places.</param>
    /// <param name="run">The run that is changed, with its gradient; it kept <see cref="Needs"/>.</param>
    /// <param name="other">The run whose activations are put in; it kept <see cref="OtherNeeds"/>.</param>
    /// <param name="positions">How many positions the grid has, counted from each prompt's end.</param>
    public static double[][][] Effects(PatchGrid grid, GradientRun run, Run other, int positions)
    {
        PatchAttribution attribution = new(grid, run.Run.Tokens, positions);
        int row = 0;
        foreach (HookPoint point in grid.Points)
        {
            attribution.Add(point, row, run[point.Name], other[point.Name], run.Gradient(point.Name));
            row += grid.Cells.Count / grid.Points.Count;
        }

        return attribution.effects;
    }

    private void Add(HookPoint point, int row, Tensor own, Tensor other, Tensor gradient)
    {
        int width = own.Shape[^1];
        int[] index = new int[own.Shape.Count - 1];
        for (int vector = 0; vector < own.Count / width; vector++)
        {
            int rest = vector;
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, own.Shape[axis]);
            }

            int item = index[0];
            int position = positions + index[point.PositionAxis] - tokens.LastPosition(item) - 1;
            if (position < 0 || !tokens.IsReal(item, index[point.PositionAxis]))
            {
                continue;
            }

            int head = point.HeadAxis < 0 ? 0 : index[point.HeadAxis];
            for (int element = 0; element < width; element++)
            {
                int offset = (vector * width) + element;
                double product = (other.At(offset) - own.At(offset)) * gradient.At(offset);
                (int r, int c) = Place(row, head, position, element, item);

                // Scores of keys that a query does not see are infinite on both sides.
                if (!double.IsNaN(product) && c >= 0)
                {
                    effects[item][r][c] += product;
                }
            }
        }
    }

    private (int Row, int Column) Place(int first, int head, int position, int element, int item) => grid.By switch
    {
        PatchBy.Layer => (first, 0),
        PatchBy.Position => (first, position),
        PatchBy.Head => (first, head),
        PatchBy.HeadPosition => (first + head, position),
        PatchBy.Edge => (first + (head * positions) + position, positions + element - tokens.LastPosition(item) - 1),
        _ => (first, element),
    };
}
