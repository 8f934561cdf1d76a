using Cutaway.Sites;

namespace Cutaway.Analysis;

/// <summary>What writes to the residual stream, and what reads it.</summary>
public enum EdgeNode
{
    /// <summary>The embedding, positions included.</summary>
    Input,

    /// <summary>An attention head.</summary>
    Head,

    /// <summary>An MLP.</summary>
    Mlp,

    /// <summary>The final norm and the unembedding.</summary>
    Logits,
}

/// <summary>By which of its inputs a head reads the residual stream.</summary>
public enum EdgePort
{
    /// <summary>A node with one input only.</summary>
    Whole,

    /// <summary>Its queries.</summary>
    Query,

    /// <summary>Its keys.</summary>
    Key,

    /// <summary>Its values.</summary>
    Value,
}

/// <summary>Where an edge begins: a node that writes to the residual stream.</summary>
/// <param name="Node">What it is.</param>
/// <param name="Layer">Its block, -1 for the input.</param>
/// <param name="Head">Its head, or -1.</param>
public sealed record EdgeSource(EdgeNode Node, int Layer = -1, int Head = -1)
{
    /// <summary><c>input</c>, <c>a2.h1</c> or <c>m2</c>.</summary>
    public string Name => Node switch
    {
        EdgeNode.Input => "input",
        EdgeNode.Head => $"a{Layer}.h{Head}",
        _ => $"m{Layer}",
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Where an edge ends: one input of a node that reads the residual stream, before the norm.</summary>
/// <param name="Node">What it is.</param>
/// <param name="Port">Which of its inputs.</param>
/// <param name="Layer">Its block, -1 for the logits.</param>
/// <param name="Head">
/// Its head, or -1. Where queries are grouped, keys and values have fewer heads, and such an input belongs to every query head
/// of the group at once.
/// </param>
public sealed record EdgeDestination(EdgeNode Node, EdgePort Port = EdgePort.Whole, int Layer = -1, int Head = -1)
{
    /// <summary><c>a2.h1&lt;q&gt;</c>, <c>m2</c> or <c>logits</c>.</summary>
    public string Name => (Node, Port) switch
    {
        (EdgeNode.Head, EdgePort.Query) => $"a{Layer}.h{Head}<q>",
        (EdgeNode.Head, EdgePort.Key) => $"a{Layer}.h{Head}<k>",
        (EdgeNode.Head, _) => $"a{Layer}.h{Head}<v>",
        (EdgeNode.Mlp, _) => $"m{Layer}",
        _ => "logits",
    };

    /// <summary>Where it is in a network.</summary>
    /// <param name="layers">Blocks of the network.</param>
    public Site Site(int layers) => (Node, Port) switch
    {
        (EdgeNode.Head, EdgePort.Query) => new Site($"blocks.{Layer}.hook_q_input") { Heads = [Head] },
        (EdgeNode.Head, EdgePort.Key) => new Site($"blocks.{Layer}.hook_k_input") { Heads = [Head] },
        (EdgeNode.Head, _) => new Site($"blocks.{Layer}.hook_v_input") { Heads = [Head] },
        (EdgeNode.Mlp, _) => new Site($"blocks.{Layer}.hook_mlp_in"),
        _ => Sites.Site.ResidPost(layers - 1),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An edge with a number on it.</summary>
/// <param name="Source">Where it begins.</param>
/// <param name="Destination">Where it ends.</param>
/// <param name="Score">Its weight.</param>
public sealed record Edge(EdgeSource Source, EdgeDestination Destination, double Score)
{
    /// <summary>Such as <c>a0.h1→a2.h3&lt;k&gt;</c>.</summary>
    public string Name => $"{Source.Name}→{Destination.Name}";
}
