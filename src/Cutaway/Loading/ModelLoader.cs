using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;

namespace Cutaway.Loading;

/// <summary>Opens a model from what a user calls it.</summary>
internal static class ModelLoader
{
    /// <summary>Opens a folder or a .gguf file.</summary>
    public static LanguageModel Load(string name, DType dtype)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(name);
        TransformerNetwork network = new(config, weights);
        if (ModelFolder.GgufIn(name) is { } path)
        {
            GgufFile file = GgufFile.Open(path);
            return new LanguageModel(name, network, TokenizerLoader.FromGguf(file), dtype) { ChatTemplate = TokenizerLoader.ChatTemplateOfGguf(file) };
        }

        return new LanguageModel(name, network, TokenizerLoader.FromFolder(name), dtype) { ChatTemplate = TokenizerLoader.ChatTemplateOfFolder(name) };
    }
}
