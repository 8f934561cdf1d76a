using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>Keeps activations, or gradients at them, in double precision and in the order in which they came.</summary>
/// <param name="hooks">The network's hook points.</param>
/// <param name="wants">Which are kept.</param>
internal sealed class ActivationRecorder<T>(HookTable hooks, Func<HookPoint, bool> wants) : IGradientListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly bool[] wanted = [.. hooks.Points.Select(wants)];
    private readonly Dictionary<string, (long[] Shape, double[] Values)> seen = [];

    /// <summary>Whether gradients are kept, in the place of activations.</summary>
    public bool Gradients { get; init; }

    /// <inheritdoc/>
    public int Last => Array.LastIndexOf(wanted, true);

    /// <summary>Names in the order in which they came.</summary>
    public List<string> Order { get; } = [];

    /// <summary>What was kept.</summary>
    public IReadOnlyDictionary<string, (long[] Shape, double[] Values)> Seen => seen;

    /// <inheritdoc/>
    public bool Wants(int index) => wanted[index];

    /// <inheritdoc/>
    public bool WantsGradient(int index) => Gradients && wanted[index];

    /// <inheritdoc/>
    public bool Changes(int index) => false;

    /// <inheritdoc/>
    public bool ChangeWantsGradient(int index) => false;

    /// <inheritdoc/>
    public void Visit(in Activation<T> activation)
    {
        if (!Gradients)
        {
            Keep(activation);
        }
    }

    /// <inheritdoc/>
    public void Gradient(in Activation<T> gradient) => Keep(gradient);

    /// <inheritdoc/>
    public void Change(in Activation<T> gradient, ReadOnlySpan<T> before) => throw new InvalidOperationException("nothing was changed");

    /// <summary>The logits of a pass's last run; the pass is held until they are copied, for its memory goes with it.</summary>
    public static double[] LogitsOf(ForwardPass<T> pass)
    {
        double[] logits = ToDoubles(pass.Logits);
        GC.KeepAlive(pass);
        return logits;
    }

    /// <summary>Widens values.</summary>
    public static double[] ToDoubles(ReadOnlySpan<T> values)
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = double.CreateTruncating(values[i]);
        }

        return result;
    }

    private void Keep(in Activation<T> activation)
    {
        seen[activation.Point.Name] = ([.. activation.Shape.ToArray()], ToDoubles(activation.Values));
        Order.Add(activation.Point.Name);
    }
}
