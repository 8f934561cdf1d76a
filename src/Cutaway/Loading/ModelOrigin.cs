using Cutaway.Loading.Hub;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Loading;

/// <summary>What a model was read from: all that is needed to write it again.</summary>
/// <param name="Config">The configuration as JSON, and what to call it.</param>
/// <param name="Tensors">The checkpoint's tensors.</param>
/// <param name="Where">What to call them.</param>
/// <param name="Network">What was read from both.</param>
/// <param name="Companions">The files beside them: tokenizer, generation settings.</param>
internal sealed record ModelOrigin(
    Func<(ReadOnlyMemory<byte> Json, string Source)> Config,
    ITensorSource Tensors,
    string Where,
    (NetworkConfig Config, NetworkWeights Weights) Network,
    Func<IEnumerable<(string Name, byte[] Content)>> Companions)
{
    /// <summary>A checkpoint's folder, or a file of weights in one.</summary>
    public static ModelOrigin OfFolder(string path, ITensorSource tensors, (NetworkConfig Config, NetworkWeights Weights) network)
    {
        string folder = ModelFolder.FolderOf(path);
        return new ModelOrigin(
            () => ModelFolder.ConfigOf(path, tensors),
            tensors,
            path,
            network,
            () => HubSelection.Companions
                .Where(name => name != ModelSaver.Config && File.Exists(Path.Combine(folder, name)))
                .Select(name => (name, File.ReadAllBytes(Path.Combine(folder, name)))));
    }
}
