using Cutaway.Models.Network;
using Cutaway.Runs;

namespace Cutaway.Planning;

/// <summary>How a variant is computed.</summary>
internal enum VariantStart
{
    /// <summary>Nothing changes: its metric is the base run's.</summary>
    Baseline,

    /// <summary>It leaves the base run before a block, or after the last one.</summary>
    Block,

    /// <summary>It leaves the base run between a block's attention and its MLP.</summary>
    Mlp,

    /// <summary>A run of its own, for what no cached residual stream can stand in for.</summary>
    Full,
}

/// <summary>A variant, and where it leaves the base run.</summary>
/// <param name="Index">Its place in the sweep.</param>
/// <param name="Start">How it is computed.</param>
/// <param name="Layer">The block before or in which it leaves the base run; the number of layers for after the last.</param>
/// <param name="First">The first position that can change, padding counted.</param>
/// <param name="Entry">The point whose change is worked into the residual stream it starts with, or null.</param>
/// <param name="Entering">What happens there.</param>
/// <param name="Remaining">What happens at later points, while it runs.</param>
internal sealed record PlannedVariant(
    int Index, VariantStart Start, int Layer, int First, HookPoint? Entry, IReadOnlyList<CompiledPlan.Entry> Entering, IReadOnlyList<CompiledPlan.Entry> Remaining)
{
    /// <summary>When it starts, in halves of blocks.</summary>
    public int Step => (2 * Layer) + (Start == VariantStart.Mlp ? 1 : 0);

    /// <summary>Whether anything is changed while it runs.</summary>
    public bool Hooked => Remaining.Count > 0;

    /// <summary>Whether heads or the MLP read inputs of their own: then the norm they share is not read, so no variant that changes it can run beside.</summary>
    public bool SplitsInputs => Remaining.Any(entry => Splits(entry.Point.Kind));

    /// <summary>Whether a point is an input of one's own.</summary>
    public static bool Splits(HookKind kind) => kind is HookKind.AttentionIn or HookKind.QueryInput or HookKind.KeyInput or HookKind.ValueInput or HookKind.MlpIn;
}
