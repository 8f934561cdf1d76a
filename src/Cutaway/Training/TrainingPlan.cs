namespace Cutaway.Training;

/// <summary>What a recipe would take, before it is followed.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="RowsPerPass">Sequences until the corpus repeats, or null where it never does.</param>
/// <param name="Step">How long a step takes, measured.</param>
public sealed record TrainingPlan(Recipe Recipe, long Parameters, long? RowsPerPass, TimeSpan Step)
{
    /// <summary>Tokens that all steps together read.</summary>
    public long Tokens => Recipe.TotalTokens;

    /// <summary>How often the corpus is read, or null where it never repeats.</summary>
    public double? Passes => RowsPerPass is { } rows ? (double)Recipe.Steps * Recipe.Batch * Recipe.Accumulate / rows : null;

    /// <summary>How long all steps take.</summary>
    public TimeSpan Time => Step * Recipe.Steps;

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Recipe.TokensPerStep / Step.TotalSeconds;
}
