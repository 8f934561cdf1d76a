namespace Cutaway.Planning;

/// <summary>A sweep was cancelled; what was done until then is kept.</summary>
/// <param name="done">What was measured; experiments not done have no values.</param>
/// <param name="cancellation">What cancelled it.</param>
public sealed class SweepCancelledException(SweepResult done, CancellationToken cancellation)
    : OperationCanceledException("the sweep was cancelled", cancellation)
{
    /// <summary>What was measured; give it to <see cref="Sweep.Run"/> to go on.</summary>
    public SweepResult Done { get; } = done;
}
