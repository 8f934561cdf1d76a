using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>An activation as a run left it.</summary>
/// <param name="Shape">Extents in the order of the hook point's axes.</param>
/// <param name="Values">Row-major.</param>
internal sealed record Recorded(int[] Shape, double[] Values);

/// <summary>Keeps the activations of chosen hook points, in firing order, and may change them.</summary>
internal sealed class HookRecorder<T> : IActivationListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly HookTable hooks;
    private readonly bool[] wanted;

    /// <summary>Listens to those hook points of a network that <paramref name="wants"/> chooses.</summary>
    public HookRecorder(HookTable hooks, Func<HookPoint, bool> wants)
    {
        this.hooks = hooks;
        wanted = [.. hooks.Points.Select(wants)];
        Last = Array.LastIndexOf(wanted, true);
    }

    /// <summary>Changes an activation in place.</summary>
    public delegate void Change(HookPoint point, ReadOnlySpan<int> shape, Span<T> values);

    /// <summary>Changes what passes, before it is kept; null to leave everything as it is.</summary>
    public Change? Edit { get; init; }

    public int Last { get; }

    /// <summary>What was seen, by name.</summary>
    public Dictionary<string, Recorded> Seen { get; } = [];

    /// <summary>Names in the order in which they fired.</summary>
    public List<string> Order { get; } = [];

    /// <summary>How many cached positions each activation came after.</summary>
    public List<int> Past { get; } = [];

    /// <summary>The last hook point within the blocks that the pass asked about: how far it went.</summary>
    public int Reached { get; private set; } = -1;

    public bool Wants(int index)
    {
        Reached = hooks.Points[index].Layer < 0 ? Reached : Math.Max(Reached, index);
        return wanted[index];
    }

    public void Visit(in Activation<T> activation)
    {
        Edit?.Invoke(activation.Point, activation.Shape, activation.Values);
        double[] values = new double[activation.Values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = double.CreateTruncating(activation.Values[i]);
        }

        Seen[activation.Point.Name] = new Recorded(activation.Shape.ToArray(), values);
        Order.Add(activation.Point.Name);
        Past.Add(activation.Past);
    }
}
