using System.Text.Json;
using System.Text.Json.Serialization;
using Cutaway.Models.Network;

namespace Cutaway.Analysis;

/// <summary>What a node is claimed to read: one other node's output, of which only some features matter.</summary>
/// <param name="From">A head such as <c>9.6</c>, an MLP such as <c>mlp3</c>, or <c>input</c>.</param>
/// <param name="To">By which of a head's inputs: <c>q</c>, <c>k</c> or <c>v</c>; null for all, and for other nodes.</param>
/// <param name="Agree">What two prompts must share so that the output may come from either (see <see cref="PromptFeatures"/>); empty if any will do.</param>
/// <param name="Positions">Where it is read, negative ones from the end; null for everywhere.</param>
public sealed record HypothesisEdge(string From, string? To = null, IReadOnlyList<string>? Agree = null, IReadOnlyList<int>? Positions = null);

/// <summary>A node and all that it is claimed to read. A node that others read and that is not listed is taken whole.</summary>
/// <param name="Node"><c>logits</c>, a head or an MLP.</param>
/// <param name="Reads">What matters to it; nothing else does.</param>
public sealed record HypothesisNode(string Node, IReadOnlyList<HypothesisEdge> Reads);

/// <summary>A claim about how a network computes something, as data: what each node reads, and what of it matters.</summary>
/// <param name="Nodes">The nodes, <c>logits</c> among them.</param>
public sealed record ScrubbingHypothesis(IReadOnlyList<HypothesisNode> Nodes)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>That nothing matters: what is left of a behaviour when every activation comes from any prompt.</summary>
    public static ScrubbingHypothesis Nothing { get; } = new([new HypothesisNode("logits", [])]);

    /// <summary>That only some parts matter to the logits, each by what a prompt's features say.</summary>
    /// <param name="parts">Heads such as <c>9.6</c>, MLPs such as <c>mlp3</c>.</param>
    /// <param name="agree">The features.</param>
    public static ScrubbingHypothesis Of(IEnumerable<string> parts, IReadOnlyList<string> agree) =>
        new([new HypothesisNode("logits", [.. parts.Select(part => new HypothesisEdge(part, Agree: agree))])]);

    /// <summary>Reads a hypothesis from a JSON file: <c>{"nodes": [{"node": "logits", "reads": [{"from": "9.6", "agree": ["answer"]}]}]}</c>.</summary>
    /// <exception cref="CutawayException">The file cannot be read, or is no hypothesis.</exception>
    public static ScrubbingHypothesis Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ScrubbingHypothesis>(File.ReadAllBytes(path), Json) ?? throw CutawayException.Input($"{path} is empty; a hypothesis was expected");
        }
        catch (JsonException error)
        {
            throw CutawayException.Input(
                $"{path} is no hypothesis: {error.Message.Split(" Path:")[0]} Expected e.g. {{\"nodes\": [{{\"node\": \"logits\", \"reads\": [{{\"from\": \"9.6\", \"agree\": [\"answer\"]}}]}}]}}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the hypothesis {path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The nodes by name, checked against a network: each edge leads from an earlier node to a later one.</summary>
    /// <exception cref="CutawayException">A node is unknown, listed twice, or reads what comes after it; or there are no logits.</exception>
    internal IReadOnlyDictionary<string, HypothesisNode> Check(NetworkConfig config)
    {
        Dictionary<string, HypothesisNode> byName = [];
        foreach (HypothesisNode node in Nodes)
        {
            EdgeSource? part = node.Node == "logits" ? null : Part(config, node.Node);
            if (part?.Node == EdgeNode.Input || !byName.TryAdd(part?.Name ?? "logits", node))
            {
                throw CutawayException.Input($"the hypothesis: '{node.Node}' {(part?.Node == EdgeNode.Input ? "reads nothing" : "is listed twice")}");
            }

            foreach (HypothesisEdge edge in node.Reads)
            {
                EdgeSource from = Part(config, edge.From);
                EdgeDestination to = part is null ? new(EdgeNode.Logits) : new(part.Node, EdgePort.Whole, part.Layer, part.Head);
                if (!PathEnds.Reaches(config, from, to))
                {
                    throw CutawayException.Input($"the hypothesis: '{node.Node}' cannot read '{edge.From}', which comes after it");
                }

                if (edge.To is not (null or "q" or "k" or "v") || (edge.To is not null && to.Node != EdgeNode.Head))
                {
                    throw CutawayException.Input($"the hypothesis: '{node.Node}' has no input '{edge.To}'; heads have q, k and v");
                }
            }
        }

        return byName.ContainsKey("logits") ? byName : throw CutawayException.Input("the hypothesis does not say what the logits read; add a node 'logits'");
    }

    /// <summary>The part of a name.</summary>
    internal static EdgeSource Part(NetworkConfig config, string name) => PathEnds.Senders(config, [name]) is [var one]
        ? one
        : throw CutawayException.Input($"the hypothesis: '{name}' is not one part; name heads (9.6), MLPs (mlp3) or input");
}
