using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>All that decides what a trained model becomes: a file of data, read by <see cref="RecipeReader"/>. See docs/training.md for its keys.</summary>
public sealed record Recipe
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The shape of a new network, or null where another one is adapted (<see cref="LowRank"/>).</summary>
    public ModelShape? Model { get; init; }

    /// <summary>Where training starts.</summary>
    public Initialisation Initialisation { get; init; } = new();

    /// <summary>The tokenizer.</summary>
    public required TokenizerChoice Tokenizer { get; init; }

    /// <summary>What is learned from.</summary>
    public required CorpusChoice Corpus { get; init; }

    /// <summary>Sequences of one forward pass.</summary>
    [Range(1, 1 << 16)]
    public int Batch { get; init; } = 32;

    /// <summary>Tokens of each sequence; all but the first are predicted.</summary>
    [Range(2, 1 << 16)]
    public int Length { get; init; } = 96;

    /// <summary>Batches whose gradients are averaged for one step.</summary>
    [Range(1, 1 << 16)]
    public int Accumulate { get; init; } = 1;

    /// <summary>Steps of the optimiser.</summary>
    [Range(1, int.MaxValue)]
    public required int Steps { get; init; }

    /// <summary>How gradients become changes.</summary>
    public OptimiserSettings Optimiser { get; init; } = new();

    /// <summary>How the learning rate goes from step to step.</summary>
    public Schedule Schedule { get; init; } = new();

    /// <summary>Longer gradients are shortened to this length, over all parameters together (Pascanu et al. 2013); null for never.</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double? Clip { get; init; } = 1;

    /// <summary>Low-rank adapters to train in place of the weights, or null to train all weights.</summary>
    public LowRank? LowRank { get; init; }

    /// <summary>What is kept apart to measure the loss on text that is not trained on.</summary>
    public HeldOut HeldOut { get; init; } = new();

    /// <summary>Steps from one saved state, from which a run can go on, to the next.</summary>
    [Range(1, int.MaxValue)]
    public int SaveEvery { get; init; } = 200;

    /// <summary>Checkpoints that stay, spaced evenly in the logarithm of the step, with the untrained model as the first; 0 for none.</summary>
    [Range(0, 1000)]
    public int KeptCheckpoints { get; init; }

    /// <summary>How weights are saved.</summary>
    public SavedPrecision Precision { get; init; } = SavedPrecision.BFloat16;

    /// <summary>The folder that paths in the recipe start from; not part of the recipe itself.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>Tokens that the whole run reads.</summary>
    internal long TotalTokens => (long)Steps * TokensPerStep;

    /// <summary>Tokens read in one step of the optimiser.</summary>
    internal long TokensPerStep => (long)Batch * Length * Accumulate;

    /// <summary>Reads a recipe's file.</summary>
    /// <exception cref="CutawayException">It cannot be read, or a key or value in it is wrong; the key is named.</exception>
    public static Recipe Read(string path) => RecipeReader.Read(path);

    /// <summary>The steps after which a checkpoint is kept, in rising order; 0 is the untrained model.</summary>
    internal IReadOnlyList<int> KeptSteps()
    {
        if (KeptCheckpoints == 0)
        {
            return [];
        }

        int intervals = Math.Max(1, KeptCheckpoints - 2);
        return
        [
            .. Enumerable.Range(0, KeptCheckpoints - 1)
                .Select(i => KeptCheckpoints == 2 ? Steps : (int)Math.Round(Math.Pow(Steps, (double)i / intervals)))
                .Prepend(0)
                .Distinct(),
        ];
    }
}

/// <summary>How a trained model's weights are stored.</summary>
public enum SavedPrecision
{
    /// <summary>16 bits: the upper half of a float.</summary>
    BFloat16,

    /// <summary>32 bits: exactly what was trained.</summary>
    Float32,
}

/// <summary>What is kept apart from training.</summary>
public sealed record HeldOut
{
    /// <summary>Sequences; 0 to measure nothing.</summary>
    [Range(0, 1 << 20)]
    public int Sequences { get; init; } = 64;

    /// <summary>Steps from one measurement to the next.</summary>
    [Range(1, int.MaxValue)]
    public int Every { get; init; } = 100;
}
