namespace Cutaway.Planning;

/// <summary>A sweep was cancelled; what was done until then is kept.</summary>
/// <param name="done">What was measured; experiments not done have no values.</param>
/// <param name="cancellation">What cancelled it.</param>
/// <param name="checkpoint">The file that it was written to, or null.</param>
public sealed class SweepCancelledException(SweepResult done, CancellationToken cancellation, string? checkpoint = null)
    : OperationCanceledException(
        checkpoint is null ? "the sweep was cancelled" : $"cancelled; what was measured is kept in {checkpoint}, and the same run goes on from there", cancellation)
{
    /// <summary>What was measured; give it to <see cref="Sweep.Run"/> to go on.</summary>
    public SweepResult Done { get; } = done;

    /// <summary>The file that it was written to, or null.</summary>
    public string? Checkpoint { get; } = checkpoint;
}
