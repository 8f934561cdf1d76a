namespace Cutaway.Training;

/// <summary>What must hold between the keys of a recipe.</summary>
internal static class RecipeCheck
{
    /// <summary>Checks keys against one another.</summary>
    /// <exception cref="CutawayException">Two keys contradict each other; they are named.</exception>
    public static void Together(Recipe recipe, string source)
    {
        ModelShape model = recipe.Model;
        Require(model.DModel % model.Heads == 0, $"'model.d_model' is {model.DModel} and 'model.heads' is {model.Heads}; heads must divide the width");
        if (model.Family == ModelFamily.Llama)
        {
            int width = model.DModel / model.Heads;
            int keys = model.KeyValueHeads ?? model.Heads;
            Require(model.Heads % keys == 0, $"'model.key_value_heads' is {keys} and 'model.heads' is {model.Heads}; the one must divide the other");
            Require(width % 2 == 0, $"heads are {width} wide ('model.d_model' / 'model.heads'); a rotation turns pairs, so the width must be even");
        }
        else
        {
            Require(model.KeyValueHeads is null || model.KeyValueHeads == model.Heads, "'model.key_value_heads' differs from 'model.heads'; the family gpt2 has as many of both");
        }

        Require(recipe.Length <= model.Context, $"'length' is {recipe.Length}, longer than 'model.context', {model.Context}");
        Require(recipe.Schedule.WarmUp <= recipe.Steps, $"'schedule.warm_up' is {recipe.Schedule.WarmUp}, more than 'steps', {recipe.Steps}");
        Require(
            recipe.Corpus.Generator is null != recipe.Corpus.File is null,
            recipe.Corpus.File is null ? "'corpus' names neither a 'generator' nor a 'file'" : "'corpus' names a 'generator' and a 'file'; name one");
        Require(recipe.Corpus.File is null || recipe.Corpus.Mixture.Count == 0, "'corpus.mixture' belongs to a generator, and 'corpus.file' is given");
        Require(recipe.KeptCheckpoints != 1, "'kept_checkpoints' is 1; it counts the untrained and the trained model, so at least 2 (or 0) was expected");

        void Require(bool holds, string what)
        {
            if (!holds)
            {
                throw CutawayException.Input($"the recipe {source} cannot be followed: {what}");
            }
        }
    }
}
