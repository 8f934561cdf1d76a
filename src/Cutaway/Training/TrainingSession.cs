using System.Security.Cryptography;
using Cutaway.Data;
using Cutaway.Models.Network;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Training;

/// <summary>A recipe with everything that it names opened and made: text, network, optimiser.</summary>
internal sealed class TrainingSession
{
    private readonly LowRankAdapters? adapters;
    private readonly TrainingPass pass;
    private readonly int[] ids;

    /// <summary>Opens what the recipe names.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="CutawayException">A file cannot be read, or the corpus is too small.</exception>
    public TrainingSession(Recipe recipe, WorkerPool pool)
    {
        Recipe = recipe;
        Pool = pool;
        LoadedTokenizer tokenizer = recipe.Tokenizer.Load(recipe.Folder);
        Text = TrainingText.Open(recipe, tokenizer.Tokenizer);
        byte[] file = recipe.Corpus.File is { } text ? File.ReadAllBytes(Path.Combine(recipe.Folder, text)) : [];
        Inputs = Convert.ToHexString(SHA256.HashData([.. tokenizer.Json, .. file]));
        StartingPoint start = StartingPoint.Of(recipe, tokenizer, pool);
        Parameters = start.Parameters;
        Files = start.Files;
        adapters = start.Adapters;
        Tensors = adapters?.Tensors ?? TrainedTensor.Of(Parameters, recipe.Optimiser.DecayAll);
        Optimiser = new Optimiser(recipe.Optimiser, Tensors);
        pass = new TrainingPass(Parameters);
        ids = new int[recipe.Batch * recipe.Length];
    }

    /// <summary>The recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>Threads.</summary>
    public WorkerPool Pool { get; }

    /// <summary>A hash of the files that the recipe names.</summary>
    public string Inputs { get; }

    /// <summary>What is learned from.</summary>
    public TrainingText Text { get; }

    /// <summary>The network's weights.</summary>
    public NetworkParameters Parameters { get; }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<TrainedTensor> Tensors { get; }

    /// <summary>How many numbers are trained.</summary>
    public long TrainedValues => Tensors.Sum(tensor => (long)tensor.Length);

    /// <summary>What trains it.</summary>
    public Optimiser Optimiser { get; }

    /// <summary>What writes it down.</summary>
    public ModelFiles Files { get; }

    /// <summary>Takes a saved state up.</summary>
    /// <returns>Steps done.</returns>
    /// <exception cref="CutawayException">There is none, or it is another recipe's.</exception>
    public int Resume(string folder, TrainingCurve curve)
    {
        int step = TrainingState.Load(folder, this, curve);
        adapters?.Merge();
        return step;
    }

    /// <summary>Does a step.</summary>
    /// <param name="step">Its number, from 0.</param>
    /// <param name="curve">Receives what is measured.</param>
    /// <exception cref="CutawayException">The loss or its gradient is not finite; nothing was changed.</exception>
    public void Step(int step, TrainingCurve curve)
    {
        Parameters.ClearGradients();
        double mean = 0;
        for (int part = 0; part < Recipe.Accumulate; part++)
        {
            Read(Text.Rows, (((long)step * Recipe.Accumulate) + part) * Recipe.Batch, Recipe.Batch);
            mean += pass.Accumulate(ids, Recipe.Batch, Recipe.Length) / Recipe.Accumulate;
        }

        adapters?.Project();
        double norm = Optimiser.GradientNorm() / Recipe.Accumulate;
        if (!double.IsFinite(mean) || !double.IsFinite(norm))
        {
            throw CutawayException.Input(FormattableString.Invariant(
                $"training came apart in step {step + 1}: the loss is {mean}, its gradient {norm} long. What was saved before is kept; train anew with a lower 'optimiser.rate', a longer 'schedule.warm_up' or a smaller 'clip'"));
        }

        double rate = Recipe.Optimiser.Rate * Recipe.Schedule.Factor(step, Recipe.Steps);
        double clip = Recipe.Clip is { } longest && norm > longest ? longest / norm : 1;
        Optimiser.Step(Pool, step, rate, clip / Recipe.Accumulate);
        adapters?.Merge();
        curve.Loss.Add(mean);
        curve.GradientNorm.Add(norm);
        curve.Rate.Add(rate);
    }

    /// <summary>The mean loss on the held-out rows.</summary>
    public double HeldOutLoss()
    {
        double sum = 0;
        for (int first = 0; first < Recipe.HeldOut.Sequences; first += Recipe.Batch)
        {
            int rows = Math.Min(Recipe.Batch, Recipe.HeldOut.Sequences - first);
            Read(Text.HeldOut, first, rows);
            sum += pass.Loss(ids.AsMemory(0, rows * Recipe.Length), rows, Recipe.Length) * rows;
        }

        return sum / Recipe.HeldOut.Sequences;
    }

    private void Read(TokenRows rows, long first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            rows(first + i, ids.AsSpan(i * Recipe.Length, Recipe.Length));
        }
    }
}
