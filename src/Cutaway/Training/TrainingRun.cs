using System.Diagnostics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Training;

/// <summary>Trains a model from a recipe.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Folder">Where the model shall be: a folder in Hugging Face's layout, with the loss in loss.csv and kept checkpoints in checkpoints/.</param>
public sealed record TrainingRun(Recipe Recipe, string Folder)
{
    private const string CurveFile = "loss.csv";

    // Steps timed for an estimate; the first, which takes memory and compiles code, does not count.
    private const int TimedSteps = 3;

    /// <summary>Whether to go on with a run that was cut.</summary>
    public bool Resume { get; init; }

    /// <summary>Stops after this step, to be resumed later; null to train to the end. The recipe, its schedule too, stays what it is.</summary>
    public int? StopAfter { get; init; }

    /// <summary>Threads; null for the default pool. Results do not depend on it.</summary>
    public int? Threads { get; init; }

    /// <summary>Called after each step, or null.</summary>
    public Action<TrainingReport>? OnStep { get; init; }

    private WorkerPool Pool => Threads is { } threads ? new WorkerPool(threads) : WorkerPool.Default;

    /// <summary>Opens what the recipe names and times a few steps; nothing is written.</summary>
    /// <exception cref="CutawayException">A file cannot be read, or the corpus is too small.</exception>
    public TrainingPlan Plan()
    {
        TrainingSession session = new(Recipe, Pool);
        TrainingCurve curve = new();
        session.Step(0, curve);
        Stopwatch clock = Stopwatch.StartNew();
        for (int step = 1; step <= TimedSteps; step++)
        {
            session.Step(step, curve);
        }

        TimeSpan step1 = clock.Elapsed / TimedSteps;
        return new TrainingPlan(Recipe, session.TrainedValues, session.Text.RowsPerPass, step1);
    }

    /// <summary>Trains.</summary>
    /// <param name="cancellation">Ends training after the step it is at; the state is saved first.</param>
    /// <exception cref="CutawayException">
    /// A file cannot be read or written, the corpus is too small, the recipe was edited since the run began, or the loss or
    /// gradient is not finite. What was saved before stays.
    /// </exception>
    /// <exception cref="TrainingStoppedException">Training was cancelled.</exception>
    public TrainingFinding Run(CancellationToken cancellation = default)
    {
        if (StopAfter < 1)
        {
            throw CutawayException.Usage($"training is to stop after step {StopAfter}; a step from 1 to {Recipe.Steps} was expected");
        }

        TrainingSession session = new(Recipe, Pool);
        TrainingCurve curve = new();
        Folders.Create(Folder);
        string state = Path.Combine(Folder, TrainingState.FileName);
        int step = 0;
        if (Resume)
        {
            step = session.Resume(Folder, curve);
        }
        else if (File.Exists(state))
        {
            throw CutawayException.Input($"a run was begun in {Folder}: go on with it (--resume), or remove {state} to begin anew");
        }

        Stopwatch clock = Stopwatch.StartNew();
        int from = step;
        int last = Math.Min(StopAfter ?? Recipe.Steps, Recipe.Steps);
        IReadOnlyList<int> kept = Recipe.KeptSteps();
        if (step == 0)
        {
            Measure(session, curve, 0);
            Keep(session, kept, 0);
        }

        while (step < last)
        {
            session.Step(step++, curve);
            double? heldOut = step % Recipe.HeldOut.Every == 0 || step == Recipe.Steps ? Measure(session, curve, step) : null;
            Keep(session, kept, step);
            OnStep?.Invoke(Report(step, last, step - from, curve, clock.Elapsed) with { HeldOutLoss = heldOut });
            bool stopped = cancellation.IsCancellationRequested && step < last;
            if (stopped || step == last || step % Recipe.SaveEvery == 0)
            {
                Save(session, curve, step);
            }

            if (stopped)
            {
                throw new TrainingStoppedException($"stopped after step {step} of {Recipe.Steps}; go on with --resume", cancellation);
            }
        }

        session.Files.Write(Folder, session.Parameters);
        if (step == Recipe.Steps)
        {
            File.Delete(state);
        }

        return TrainingFinding.Of(this, session, curve, clock.Elapsed, step - from);
    }

    private void Save(TrainingSession session, TrainingCurve curve, int step)
    {
        TrainingState.Save(Folder, session, step, curve);
        curve.Write(Path.Combine(Folder, CurveFile));
    }

    private double? Measure(TrainingSession session, TrainingCurve curve, int step)
    {
        if (Recipe.HeldOut.Sequences == 0)
        {
            return null;
        }

        double loss = session.HeldOutLoss();
        curve.HeldOutStep.Add(step);
        curve.HeldOutLoss.Add(loss);
        return loss;
    }

    private void Keep(TrainingSession session, IReadOnlyList<int> kept, int step)
    {
        if (kept.Contains(step))
        {
            session.Files.Write(Path.Combine(Folder, "checkpoints", FormattableString.Invariant($"step-{step:000000}")), session.Parameters);
        }
    }

    private TrainingReport Report(int step, int last, int done, TrainingCurve curve, TimeSpan elapsed)
    {
        double tokensPerSecond = done * Recipe.TokensPerStep / elapsed.TotalSeconds;
        return new TrainingReport(
            step, last, curve.Recent(), curve.Rate[^1], curve.GradientNorm[^1], tokensPerSecond, elapsed / done * (last - step), curve.Loss);
    }
}
