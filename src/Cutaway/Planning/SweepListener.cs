using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;

namespace Cutaway.Planning;

/// <summary>Carries out the interventions of variants that run together, each on its own rows.</summary>
internal sealed class SweepListener<T> : IActivationListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<int, List<(int Variant, CompiledPlan.Entry Entry)>> byPoint = [];
    private readonly int prompts;
    private readonly int total;
    private readonly Dictionary<int, (int Row, int Past, int Length)> places = [];
    private int rows;

    /// <summary>Takes a batch's interventions.</summary>
    public SweepListener(SweepBatch batch, int prompts, int total)
    {
        this.prompts = prompts;
        this.total = total;
        for (int i = 0; i < batch.Variants.Count; i++)
        {
            foreach (CompiledPlan.Entry entry in batch.Variants[i].Remaining)
            {
                if (!byPoint.TryGetValue(entry.Point.Index, out List<(int, CompiledPlan.Entry)>? entries))
                {
                    byPoint[entry.Point.Index] = entries = [];
                }

                entries.Add((i, entry));
            }
        }
    }

    public int Last => int.MaxValue;

    /// <summary>Says whose rows are run.</summary>
    public void Place(BatchStep step)
    {
        places.Clear();
        rows = 0;
        int next = 0;
        foreach (RowClass part in step.Classes)
        {
            for (int i = 0; i < part.Sequences / prompts; i++)
            {
                places[step.Active[next++]] = (part.FirstRow + (i * prompts * part.Length), part.Past, part.Length);
            }

            rows += part.Rows;
        }
    }

    public bool Wants(int index) => byPoint.ContainsKey(index);

    public void Visit(in Activation<T> activation)
    {
        int width = activation.Values.Length / rows;
        HookPoint point = activation.Point;
        Span<int> shape = stackalloc int[point.Axes.Count];
        foreach ((int variant, CompiledPlan.Entry entry) in byPoint[point.Index])
        {
            if (!places.TryGetValue(variant, out (int Row, int Past, int Length) place))
            {
                continue;
            }

            for (int axis = 0; axis < shape.Length; axis++)
            {
                shape[axis] = axis == 0 ? prompts : axis == point.PositionAxis ? place.Length : point.Extents[axis] > 0 ? point.Extents[axis] : total;
            }

            PlanListener<T>.Apply(entry, (Intervention)entry.Item, new Activation<T>
            {
                Point = point,
                Values = activation.Values.Slice(place.Row * width, prompts * place.Length * width),
                Shape = shape,
                Past = place.Past,
            });
        }
    }
}
