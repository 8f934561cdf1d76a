using Cutaway.Models.Network;

namespace Cutaway.Analysis;

/// <summary>
/// The nodes of a network that meet in the residual stream, and the edges between them (Syed et al. 2023, "Attribution Patching
/// Outperforms Automated Circuit Discovery"; Conmy et al. 2023). The stream is the sum of what its sources wrote and of biases
/// that belong to none, so an edge carries exactly what its source wrote.
/// </summary>
public sealed class EdgeGraph
{
    private readonly int[] reach;
    private readonly Dictionary<string, int> sourceByName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> destinationByName = new(StringComparer.Ordinal);

    /// <summary>Lists the nodes of a network.</summary>
    /// <param name="config">Its shape.</param>
    /// <exception cref="CutawayException">What its heads write passes another norm before it reaches the stream, or they do not read the stream themselves.</exception>
    public EdgeGraph(NetworkConfig config)
    {
        StreamSum.Require(config);
        if (config.PostNorms)
        {
            throw CutawayException.Usage(
                $"a {config.Architecture} normalises the sum of a layer's heads before adding it to the residual stream, so no head has an edge of its own; use attribution-patching or path-patching");
        }

        if (config.Encoder is not null)
        {
            throw CutawayException.Usage(
                $"the blocks of a {config.Architecture} read an encoder's output too, which belongs to no node of the graph; use activation-patching or attribution-patching");
        }

        if (config.Latent is not null)
        {
            throw CutawayException.Usage(
                $"the heads of a {config.Architecture} read the residual stream through a latent that they share, so no query, key or value has an edge of its own; use attribution-patching or path-patching");
        }

        List<EdgeSource> sources = [new EdgeSource(EdgeNode.Input)];
        List<EdgeDestination> destinations = [];
        List<int> legal = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            int before = sources.Count;
            AddHeads(EdgePort.Query, config.Heads);
            AddHeads(EdgePort.Key, config.KeyValueHeads);
            AddHeads(EdgePort.Value, config.KeyValueHeads);
            sources.AddRange(Enumerable.Range(0, config.Heads).Select(head => new EdgeSource(EdgeNode.Head, layer, head)));
            if (!config.AttentionOnly)
            {
                // In parallel blocks the MLP reads what the block's attention reads.
                destinations.Add(new EdgeDestination(EdgeNode.Mlp, Layer: layer));
                legal.Add(config.Block == BlockKind.Sequential ? sources.Count : before);
                sources.Add(new EdgeSource(EdgeNode.Mlp, layer));
            }

            void AddHeads(EdgePort port, int heads)
            {
                destinations.AddRange(Enumerable.Range(0, heads).Select(head => new EdgeDestination(EdgeNode.Head, port, layer, head)));
                legal.AddRange(Enumerable.Repeat(before, heads));
            }
        }

        destinations.Add(new EdgeDestination(EdgeNode.Logits));
        legal.Add(sources.Count);
        Config = config;
        Sources = sources;
        Destinations = destinations;
        reach = [.. legal];
        for (int i = 0; i < sources.Count; i++)
        {
            sourceByName.Add(sources[i].Name, i);
        }

        for (int i = 0; i < destinations.Count; i++)
        {
            destinationByName.Add(destinations[i].Name, i);
        }
    }

    /// <summary>The network's shape.</summary>
    public NetworkConfig Config { get; }

    /// <summary>Nodes that write, in the order in which they do.</summary>
    public IReadOnlyList<EdgeSource> Sources { get; }

    /// <summary>Inputs that read, in order.</summary>
    public IReadOnlyList<EdgeDestination> Destinations { get; }

    /// <summary>How many edges there are.</summary>
    public int Count => reach.Sum();

    /// <summary>How many sources a destination reads. Sources are in order, so these are the first ones.</summary>
    public int Reach(int destination) => reach[destination];

    /// <summary>Whether a source writes before a destination reads.</summary>
    public bool IsLegal(int source, int destination) => source < reach[destination];

    /// <summary>The index of a source, by name.</summary>
    /// <exception cref="CutawayException">There is none; the message lists the nearest names.</exception>
    public int Source(string name) => sourceByName.TryGetValue(name, out int index)
        ? index
        : throw CutawayException.Usage($"no node '{name}' writes to the residual stream{NearNames.Suggest(name, sourceByName.Keys)}");

    /// <summary>The index of a destination, by name.</summary>
    /// <exception cref="CutawayException">There is none; the message lists the nearest names.</exception>
    public int Destination(string name) => destinationByName.TryGetValue(name, out int index)
        ? index
        : throw CutawayException.Usage($"no input '{name}' reads the residual stream{NearNames.Suggest(name, destinationByName.Keys)}");

    /// <summary>The source that a destination's node is; several for keys and values shared by a group of queries, none for the logits.</summary>
    public IEnumerable<int> NodesOf(EdgeDestination destination)
    {
        int group = destination.Port is EdgePort.Key or EdgePort.Value ? Config.Heads / Config.KeyValueHeads : 1;
        return destination.Node switch
        {
            EdgeNode.Head => Enumerable.Range(destination.Head * group, group).Select(head => sourceByName[new EdgeSource(EdgeNode.Head, destination.Layer, head).Name]),
            EdgeNode.Mlp => [sourceByName[destination.Name]],
            _ => [],
        };
    }
}
