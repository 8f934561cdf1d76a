using System.Text.Json;
using System.Text.Json.Serialization;
using Cutaway.Loading;

namespace Cutaway.Organisms;

/// <summary>A head of a known circuit.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Head">Its index in the layer.</param>
/// <param name="Role">What it is for, such as <c>name-mover</c>.</param>
/// <param name="Description">What it does.</param>
/// <param name="Circuits">The circuits it is part of; none for an idle head.</param>
/// <param name="Queries">Subspaces its queries read.</param>
/// <param name="Keys">Subspaces its keys read.</param>
/// <param name="Values">Subspaces its values read.</param>
/// <param name="Writes">Subspaces it writes.</param>
public sealed record CircuitHead(
    int Layer,
    int Head,
    string Role,
    string Description,
    IReadOnlyList<string> Circuits,
    IReadOnlyList<string> Queries,
    IReadOnlyList<string> Keys,
    IReadOnlyList<string> Values,
    IReadOnlyList<string> Writes)
{
    /// <summary>The node's name in edges: layer and head, such as <c>2.0</c>.</summary>
    [JsonIgnore]
    public string Node => $"{Layer}.{Head}";
}

/// <summary>An edge of a known circuit: what one node writes, another reads.</summary>
/// <param name="From"><c>embed</c>, <c>pos_embed</c>, or a head such as <c>0.1</c>.</param>
/// <param name="To">A head, or <c>logits</c>.</param>
/// <param name="Via"><c>q</c>, <c>k</c> or <c>v</c>; null into the logits.</param>
/// <param name="Subspaces">What passes over it.</param>
/// <param name="Circuits">The circuits that both ends are part of; the embeddings and the logits are part of every one.</param>
public sealed record CircuitEdge(string From, string To, string? Via, IReadOnlyList<string> Subspaces, IReadOnlyList<string> Circuits);

/// <summary>
/// The circuit of <c>wired</c> as data: the truth that circuit finders are scored against. Edges are all there are: two nodes
/// that none joins do not affect one another, whatever the text.
/// </summary>
/// <param name="Model">The model's name.</param>
/// <param name="Subspaces">The parts of the residual stream.</param>
/// <param name="Heads">All heads, idle ones too.</param>
/// <param name="Edges">All edges.</param>
public sealed record WiredCircuit(string Model, IReadOnlyList<Subspace> Subspaces, IReadOnlyList<CircuitHead> Heads, IReadOnlyList<CircuitEdge> Edges)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = JsonText.Options.Indented,
        NewLine = JsonText.Options.NewLine,
        Encoder = JsonText.Options.Encoder,
    };

    /// <summary>The published circuit.</summary>
    public static WiredCircuit Load() => FromJson(EmbeddedModels.Read(WiredOrganism.Name, "circuit.json"), "embedded wired/circuit.json");

    /// <summary>Reads a circuit.</summary>
    /// <param name="json">The text of a circuit.json.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CutawayException">It is not a circuit.</exception>
    public static WiredCircuit FromJson(ReadOnlySpan<byte> json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<WiredCircuit>(json, Json) ?? throw CutawayException.Input($"{source} is empty; a circuit was expected");
        }
        catch (JsonException error)
        {
            throw CutawayException.Input($"{source} is not a circuit: {error.Message}", error);
        }
    }

    /// <summary>The circuit as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>The head of a role.</summary>
    /// <exception cref="CutawayException">There is none.</exception>
    public CircuitHead Role(string role) => Heads.FirstOrDefault(head => head.Role == role)
        ?? throw CutawayException.Usage($"no head of '{Model}' has the role '{role}'; there are {string.Join(", ", Heads.Select(head => head.Role))}");

    /// <summary>Derives the circuit from the wiring: an edge is wherever one node writes what another reads.</summary>
    internal static WiredCircuit Derive()
    {
        CircuitHead[] heads =
        [
            .. WiredHeads.All.SelectMany((layer, l) => layer.Select((head, h) => new CircuitHead(
                l,
                h,
                head.Role,
                head.Description,
                head.Circuits,
                Names(head.Matches.Select(match => match.Query)),
                Names(head.Matches.Select(match => match.Key)),
                Names(head.Copies.Select(copy => copy.From)),
                Names(head.Copies.Select(copy => copy.To))))),
        ];
        return new WiredCircuit(WiredOrganism.Name, WiredLayout.All, heads, [.. Join(heads)]);
    }

    private static string[] Names(IEnumerable<Subspace> subspaces) => [.. subspaces.Select(subspace => subspace.Name).Distinct()];

    private static IEnumerable<CircuitEdge> Join(CircuitHead[] heads)
    {
        string[] all = [WiredHeads.IndirectObject, WiredHeads.Induction];
        string[] kinds = Names(WiredLayout.Kinds.Values);
        List<(string Node, int Layer, IReadOnlyList<string> Writes, IReadOnlyList<string> Circuits)> writers =
        [
            ("embed", -1, [WiredLayout.Token.Name, .. kinds], all),
            ("pos_embed", -1, Names([WiredLayout.Position, WiredLayout.First, WiredLayout.One]), all),
            .. heads.Select(head => (head.Node, head.Layer, head.Writes, head.Circuits)),
        ];
        List<(string Node, int Layer, string? Via, IReadOnlyList<string> Reads, IReadOnlyList<string> Circuits)> readers =
        [
            .. heads.SelectMany(head => new (string, int, string?, IReadOnlyList<string>, IReadOnlyList<string>)[]
            {
                (head.Node, head.Layer, "q", head.Queries, head.Circuits),
                (head.Node, head.Layer, "k", head.Keys, head.Circuits),
                (head.Node, head.Layer, "v", head.Values, head.Circuits),
            }),
            ("logits", WiredHeads.Layers, null, [WiredLayout.Output.Name, WiredLayout.One.Name, .. WiredOrganism.KindsRead.Select(kind => WiredLayout.Kinds[kind].Name)], all),
        ];
        foreach ((string to, int toLayer, string? via, IReadOnlyList<string> reads, IReadOnlyList<string> toCircuits) in readers)
        {
            foreach ((string from, int fromLayer, IReadOnlyList<string> writes, IReadOnlyList<string> fromCircuits) in writers)
            {
                string[] passed = [.. writes.Intersect(reads)];
                if (fromLayer < toLayer && passed.Length > 0)
                {
                    yield return new CircuitEdge(from, to, via, passed, [.. fromCircuits.Intersect(toCircuits)]);
                }
            }
        }
    }
}
