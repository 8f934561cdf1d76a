namespace Cutaway.Training;

/// <summary>How far training is, after a step.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps to do.</param>
/// <param name="Loss">Mean loss of the last steps, in nats a token.</param>
/// <param name="Rate">The learning rate of the step.</param>
/// <param name="GradientNorm">The length of its gradient before it was clipped.</param>
/// <param name="TokensPerSecond">Tokens trained on in a second, over this session.</param>
/// <param name="Left">The time that the steps to do will take at that speed.</param>
/// <param name="Losses">The loss of every step so far.</param>
public readonly record struct TrainingReport(
    int Step, int Steps, double Loss, double Rate, double GradientNorm, double TokensPerSecond, TimeSpan Left, IReadOnlyList<double> Losses)
{
    /// <summary>The held-out loss where this step measured it, or null.</summary>
    public double? HeldOutLoss { get; init; }
}
