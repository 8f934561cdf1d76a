namespace Cutaway.Training;

/// <summary>Training was cancelled after its state was saved; the message says where, and how to go on.</summary>
public sealed class TrainingStoppedException(string message, CancellationToken cancellation) : OperationCanceledException(message, cancellation);
