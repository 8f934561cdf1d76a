using Cutaway.Findings;

namespace Cutaway.Training;

/// <summary>A trained model and how it came to be.</summary>
public sealed record TrainingFinding : Finding
{
    // Points of a curve: more than a page can show are averaged.
    private const int MostPoints = 400;

    /// <summary>The model's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the recipe.</summary>
    public required int Steps { get; init; }

    /// <summary>Numbers that were trained.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tokens read.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds of this session.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens a second in this session.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>The loss of each step in nats a token.</summary>
    public required IReadOnlyList<double> Loss { get; init; }

    /// <summary>The learning rate of each step.</summary>
    public required IReadOnlyList<double> Rate { get; init; }

    /// <summary>The length of each step's gradient before it was clipped.</summary>
    public required IReadOnlyList<double> GradientNorm { get; init; }

    /// <summary>Steps after which the held-out loss was measured.</summary>
    public required IReadOnlyList<double> HeldOutStep { get; init; }

    /// <summary>The held-out loss after those.</summary>
    public required IReadOnlyList<double> HeldOutLoss { get; init; }

    /// <inheritdoc/>
    public override string Headline => FormattableString.Invariant(
        $"{Name} after {Step} of {Steps} steps: loss {Loss.TakeLast(20).Average():0.000} nats a token{(HeldOutLoss.Count > 0 ? $", held out {HeldOutLoss[^1]:0.000}" : "")}, from {Loss[0]:0.000}");

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views
    {
        get
        {
            int width = Math.Max(1, (Loss.Count + MostPoints - 1) / MostPoints);
            double[] steps = [.. Enumerable.Range(1, Loss.Count).Select(step => (double)step).Chunk(width).Select(part => part.Average())];
            List<View> views =
            [
                new LinesView("Training loss", steps, [Averaged("loss", Loss, width)])
                {
                    XAxis = "step",
                    YAxis = "nats a token",
                    Caption = width > 1 ? $"Each point is the mean of {width} steps." : "",
                },
            ];
            if (HeldOutLoss.Count > 1)
            {
                views.Add(new LinesView("Held-out loss", HeldOutStep, [new Line("held out", HeldOutLoss)]) { XAxis = "step", YAxis = "nats a token" });
            }

            views.Add(new LinesView("Length of the gradient", steps, [Averaged("gradient", GradientNorm, width)]) { XAxis = "step", YAxis = "before clipping" });
            views.Add(new LinesView("Learning rate", steps, [Averaged("rate", Rate, width)]) { XAxis = "step", YAxis = "rate" });
            return views;
        }
    }

    /// <summary>Writes down what a run did.</summary>
    internal static TrainingFinding Of(TrainingRun run, TrainingSession session, TrainingCurve curve, TimeSpan elapsed, int done) => new()
    {
        Folder = run.Folder,
        Name = run.Recipe.Name,
        Step = curve.Loss.Count,
        Steps = run.Recipe.Steps,
        Parameters = session.TrainedValues,
        Tokens = curve.Loss.Count * run.Recipe.TokensPerStep,
        Seconds = elapsed.TotalSeconds,
        TokensPerSecond = done * run.Recipe.TokensPerStep / Math.Max(1e-9, elapsed.TotalSeconds),
        Loss = curve.Loss,
        Rate = curve.Rate,
        GradientNorm = curve.GradientNorm,
        HeldOutStep = curve.HeldOutStep,
        HeldOutLoss = curve.HeldOutLoss,
    };

    private static Line Averaged(string name, IReadOnlyList<double> values, int width) => new(name, [.. values.Chunk(width).Select(part => part.Average())]);
}
