using System.Text;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Training;

/// <summary>The network that training starts from, and what writes it down.</summary>
/// <param name="Parameters">Its weights.</param>
/// <param name="Files">What writes them.</param>
/// <param name="Adapters">Low-rank adapters, or null where all weights are trained.</param>
internal sealed record StartingPoint(NetworkParameters Parameters, ModelFiles Files, LowRankAdapters? Adapters)
{
    /// <summary>Makes the network of a recipe.</summary>
    /// <exception cref="CutawayException">The model to be adapted cannot be read, or its family cannot be written.</exception>
    public static StartingPoint Of(Recipe recipe, LoadedTokenizer tokenizer, WorkerPool pool) =>
        recipe.LowRank is { } choice ? Adapted(recipe, choice, tokenizer, pool) : Drawn(recipe, recipe.Model!, tokenizer, pool);

    private static StartingPoint Drawn(Recipe recipe, ModelShape shape, LoadedTokenizer tokenizer, WorkerPool pool)
    {
        string config = ModelConfig.Write(shape, tokenizer.Tokenizer.Count, tokenizer.BeginOfText, tokenizer.EndOfText, recipe.Precision);
        NetworkParameters parameters = NetworkParameters.Create(ArchitectureCatalogue.Configure(Encoding.UTF8.GetBytes(config), recipe.Name), pool);
        recipe.Initialisation.Fill(parameters);
        return new StartingPoint(parameters, new ModelFiles(config, tokenizer.Json, shape.Family, recipe.Precision), null);
    }

    private static StartingPoint Adapted(Recipe recipe, LowRank choice, LoadedTokenizer tokenizer, WorkerPool pool)
    {
        string folder = Path.Combine(recipe.Folder, choice.Base);
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(folder);
        ModelFamily family = config.Architecture switch
        {
            "LlamaForCausalLM" => ModelFamily.Llama,
            "GPT2LMHeadModel" => ModelFamily.Gpt2,
            string other => throw CutawayException.Input($"'low_rank.base' is a {other}; adapters are trained for LlamaForCausalLM and GPT2LMHeadModel"),
        };
        if (!File.Exists(Path.Combine(folder, "config.json")))
        {
            throw CutawayException.Input($"'low_rank.base' is {folder}, which has no config.json; a folder in Hugging Face's layout was expected");
        }

        if (recipe.Length > config.Context)
        {
            throw CutawayException.Input($"'length' is {recipe.Length}, longer than the context of {folder}, {config.Context}");
        }

        NetworkParameters parameters = NetworkParameters.From(new TransformerNetwork(config, weights, pool));
        ModelFiles files = new(File.ReadAllText(Path.Combine(folder, "config.json")), tokenizer.Json, family, recipe.Precision);
        return new StartingPoint(parameters, files, new LowRankAdapters(choice, recipe.Initialisation.Seed, parameters, pool));
    }
}
