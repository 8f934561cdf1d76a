using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Runs;

/// <summary>Keeps the activations of some hook points for a decoding method, as they are after the interventions of a plan.</summary>
internal sealed class TapListener<T>(PlanListener<T>? plan, params int[] points) : IActivationListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[][] kept = [.. points.Select(_ => Array.Empty<T>())];

    public int Last => Math.Max(plan?.Last ?? -1, points.Max());

    public bool Wants(int index) => Array.IndexOf(points, index) >= 0 || plan?.Wants(index) == true;

    public void Visit(in Activation<T> activation)
    {
        int index = activation.Point.Index;
        if (plan?.Wants(index) == true)
        {
            plan.Visit(activation);
        }

        int at = Array.IndexOf(points, index);
        if (at >= 0)
        {
            if (kept[at].Length < activation.Values.Length)
            {
                kept[at] = new T[activation.Values.Length];
            }

            activation.Values.CopyTo(kept[at]);
        }
    }

    /// <summary>What a point held in the last pass, by its place in the list; beyond that, anything.</summary>
    public ReadOnlySpan<T> this[int point] => kept[point];
}
