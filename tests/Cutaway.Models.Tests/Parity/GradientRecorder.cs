using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>Keeps the gradients at chosen hook points.</summary>
internal sealed class GradientRecorder<T>(HookTable hooks, Func<HookPoint, bool> wants) : IGradientListener<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly bool[] wanted = [.. hooks.Points.Select(wants)];

    public int Last => Array.LastIndexOf(wanted, true);

    /// <summary>Gradients by hook name.</summary>
    public Dictionary<string, Recorded> Gradients { get; } = [];

    public bool Wants(int index) => wanted[index];

    public bool WantsGradient(int index) => wanted[index];

    public bool Changes(int index) => false;

    public bool ChangeWantsGradient(int index) => false;

    public void Visit(in Activation<T> activation)
    {
        // Only gradients are kept.
    }

    public void Gradient(in Activation<T> gradient) =>
        Gradients[gradient.Point.Name] = new Recorded(gradient.Shape.ToArray(), NetworkRun.ToDoubles<T>(gradient.Values));

    public void Change(in Activation<T> gradient, ReadOnlySpan<T> before) => throw new InvalidOperationException("nothing was changed");
}
