namespace Cutaway.Training;

/// <summary>What must hold between the keys of a recipe.</summary>
internal static class RecipeCheck
{
    /// <summary>Checks keys against one another.</summary>
    /// <exception cref="CutawayException">Two keys contradict each other; they are named.</exception>
    public static void Together(Recipe recipe, string source)
    {
        string? fault = Fault(recipe) ?? (recipe.Model is { } model ? Fault(model, recipe.Length) : null);
        if (fault is not null)
        {
            throw CutawayException.Input($"the recipe {source} cannot be followed: {fault}");
        }
    }

    private static string? Fault(Recipe recipe) => recipe switch
    {
        { Model: null, LowRank: null } => "it has neither a 'model' to be made nor 'low_rank' adapters of another",
        { Model: not null, LowRank: not null } => "it has a 'model' to be made and 'low_rank' adapters of another; leave one out",
        { Corpus: { Generator: null, File: null } } => "'corpus' names neither a 'generator' nor a 'file'",
        { Corpus: { Generator: not null, File: not null } } => "'corpus' names a 'generator' and a 'file'; name one",
        { Corpus: { File: not null, Mixture.Count: > 0 } } => "'corpus.mixture' belongs to a generator, and 'corpus.file' is given",
        { KeptCheckpoints: 1 } => "'kept_checkpoints' is 1; it counts the untrained and the trained model, so at least 2 (or 0) was expected",
        _ when (long)recipe.Batch * recipe.Length > Array.MaxLength =>
            $"'batch' times 'length' is {(long)recipe.Batch * recipe.Length} tokens of one forward pass, and at most {Array.MaxLength} fit; lower 'batch' and raise 'accumulate'",
        _ when recipe.Schedule.WarmUp > recipe.Steps => $"'schedule.warm_up' is {recipe.Schedule.WarmUp}, more than 'steps', {recipe.Steps}",
        _ => null,
    };

    private static string? Fault(ModelShape model, int length)
    {
        int keys = model.KeyValueHeads ?? model.Heads;
        return model.DModel % model.Heads != 0 ? $"'model.d_model' is {model.DModel} and 'model.heads' is {model.Heads}; heads must divide the width"
            : length > model.Context ? $"'length' is {length}, longer than 'model.context', {model.Context}"
            : model.Family == ModelFamily.Gpt2 && keys != model.Heads ? "'model.key_value_heads' differs from 'model.heads'; the family gpt2 has as many of both"
            : model.Heads % keys != 0 ? $"'model.key_value_heads' is {keys} and 'model.heads' is {model.Heads}; the one must divide the other"
            : model.Family == ModelFamily.Llama && model.DModel / model.Heads % 2 != 0
                ? $"heads are {model.DModel / model.Heads} wide ('model.d_model' / 'model.heads'); a rotation turns pairs, so the width must be even"
            : null;
    }
}
