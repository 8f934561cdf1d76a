namespace Cutaway;

/// <summary>Where long work reports how far it is, and where it learns that it should stop. The default does neither.</summary>
/// <param name="Report">Called with what is being done and the share done, 0 to 1; null to report nothing.</param>
/// <param name="Cancellation">Cancels the work.</param>
public readonly record struct Progress(Action<string, double>? Report, CancellationToken Cancellation = default)
{
    /// <summary>Called with pieces of a text as it is made, where somebody reads along; null to keep it to the end.</summary>
    public Action<string>? Text { get; init; }

    /// <summary>Reports a step and throws if the work was cancelled.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Step(string what, int done, int total)
    {
        Cancellation.ThrowIfCancellationRequested();
        Report?.Invoke(what, total == 0 ? 1 : (double)done / total);
    }
}
