using System.Globalization;
using System.Text.RegularExpressions;
using Cutaway.Models.Network;
using Cutaway.Sites;

namespace Cutaway.Analysis;

/// <summary>Where paths begin and end, as a command line names them.</summary>
internal static partial class PathEnds
{
    private const string SenderForms = "give a head (9.6), an MLP (mlp3), input, heads, mlps or all";
    private const string ReceiverForms = "give logits, an input of a head (9.6.q, 9.6.k, 9.6.v; 9.6 for the three), an MLP (mlp3), q, k, v, heads, mlps or all";

    /// <summary>The parts that names stand for, in the network's order.</summary>
    /// <param name="config">The network's shape.</param>
    /// <param name="names">Such as <c>9.6</c>, <c>mlp3</c> or <c>heads</c>; several may share a text, between commas.</param>
    /// <exception cref="CutawayException">A name stands for nothing in this network.</exception>
    public static IReadOnlyList<EdgeSource> Senders(NetworkConfig config, IReadOnlyList<string> names) =>
        [.. Split(names).SelectMany(name => Sender(config, name)).Distinct().OrderBy(sender => sender.Layer).ThenBy(sender => sender.Node).ThenBy(sender => sender.Head)];

    /// <summary>The inputs that names stand for, in the network's order.</summary>
    /// <param name="config">The network's shape.</param>
    /// <param name="names">Such as <c>9.6.q</c>, <c>mlp3</c> or <c>logits</c>; several may share a text, between commas.</param>
    /// <exception cref="CutawayException">A name stands for nothing in this network.</exception>
    public static IReadOnlyList<EdgeDestination> Receivers(NetworkConfig config, IReadOnlyList<string> names) =>
    [
        .. Split(names).SelectMany(name => Receiver(config, name)).Distinct()
            .OrderBy(receiver => receiver.Node == EdgeNode.Logits ? int.MaxValue : receiver.Layer).ThenBy(receiver => receiver.Node).ThenBy(receiver => receiver.Port).ThenBy(receiver => receiver.Head),
    ];

    /// <summary>Whether a part writes before an input reads.</summary>
    public static bool Reaches(NetworkConfig config, EdgeSource sender, EdgeDestination receiver) =>
        receiver.Node == EdgeNode.Logits
        || sender.Layer < receiver.Layer
        || (sender.Node == EdgeNode.Head && receiver.Node == EdgeNode.Mlp && sender.Layer == receiver.Layer && config.Block == BlockKind.Sequential);

    /// <summary>Where what a part writes can be read and changed: embeddings, mixed values of heads, outputs of MLPs.</summary>
    public static Site Output(EdgeSource sender) => sender.Node switch
    {
        EdgeNode.Input => new Site("hook_embed"),
        EdgeNode.Head => Site.Z(sender.Layer),
        _ => Site.MlpOut(sender.Layer),
    };

    /// <summary>A part as people call it.</summary>
    public static string Label(EdgeSource sender) => sender.Node switch
    {
        EdgeNode.Input => "the embedding",
        EdgeNode.Head => $"head {sender.Layer}.{sender.Head}",
        _ => $"MLP {sender.Layer}",
    };

    /// <summary>A part as a command line names it.</summary>
    public static string Name(EdgeSource sender) => sender.Node switch
    {
        EdgeNode.Input => "input",
        EdgeNode.Head => $"{sender.Layer}.{sender.Head}",
        _ => $"mlp{sender.Layer}",
    };

    /// <summary>An input as a command line names it.</summary>
    public static string Name(EdgeDestination receiver) => receiver.Node switch
    {
        EdgeNode.Logits => "logits",
        EdgeNode.Head => $"{receiver.Layer}.{receiver.Head}.{PortName(receiver.Port)[0]}",
        _ => $"mlp{receiver.Layer}",
    };

    /// <summary>An input as people call it.</summary>
    public static string Label(EdgeDestination receiver) => receiver.Node switch
    {
        EdgeNode.Logits => "the logits",
        EdgeNode.Head => $"the {PortName(receiver.Port)} of head {receiver.Layer}.{receiver.Head}",
        _ => $"MLP {receiver.Layer}",
    };

    /// <summary>What a head reads by one of its inputs.</summary>
    public static string PortName(EdgePort port) => port switch
    {
        EdgePort.Query => "queries",
        EdgePort.Key => "keys",
        _ => "values",
    };

    private static IEnumerable<string> Split(IReadOnlyList<string> names) =>
        names.SelectMany(name => name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<EdgeSource> Sender(NetworkConfig config, string name) => name switch
    {
        "input" => [new EdgeSource(EdgeNode.Input)],
        "heads" => Heads(config),
        "mlps" => Mlps(config),
        "all" => [new EdgeSource(EdgeNode.Input), .. Heads(config), .. config.AttentionOnly ? [] : Mlps(config)],
        _ when HeadPattern().Match(name) is { Success: true } head && !head.Groups[3].Success =>
            [new EdgeSource(EdgeNode.Head, Layer(config, name, head), Index(config, name, head, EdgePort.Query))],
        _ when MlpPattern().Match(name) is { Success: true } mlp => [new EdgeSource(EdgeNode.Mlp, MlpLayer(config, name, mlp))],
        _ => throw CutawayException.Usage($"'{name}' sends nothing: {SenderForms}"),
    };

    private static IEnumerable<EdgeDestination> Receiver(NetworkConfig config, string name) => name switch
    {
        "logits" => [new EdgeDestination(EdgeNode.Logits)],
        "q" => Inputs(config, EdgePort.Query),
        "k" => Inputs(config, EdgePort.Key),
        "v" => Inputs(config, EdgePort.Value),
        "heads" => [.. Inputs(config, EdgePort.Query), .. Inputs(config, EdgePort.Key), .. Inputs(config, EdgePort.Value)],
        "mlps" => Mlps(config).Select(mlp => new EdgeDestination(EdgeNode.Mlp, Layer: mlp.Layer)),
        "all" => [.. Receiver(config, "heads"), .. config.AttentionOnly ? [] : Receiver(config, "mlps"), .. Receiver(config, "logits")],
        _ when HeadPattern().Match(name) is { Success: true } head => Inputs(config, name, head),
        _ when MlpPattern().Match(name) is { Success: true } mlp => [new EdgeDestination(EdgeNode.Mlp, Layer: MlpLayer(config, name, mlp))],
        _ => throw CutawayException.Usage($"'{name}' receives nothing: {ReceiverForms}"),
    };

    private static IEnumerable<EdgeSource> Heads(NetworkConfig config) => Enumerable.Range(0, config.Layers)
        .SelectMany(layer => Enumerable.Range(0, config.Heads).Select(head => new EdgeSource(EdgeNode.Head, layer, head)));

    private static IEnumerable<EdgeSource> Mlps(NetworkConfig config) => config.AttentionOnly
        ? throw CutawayException.Usage($"this {config.Architecture} has no MLPs; leave them out")
        : Enumerable.Range(0, config.Layers).Select(layer => new EdgeSource(EdgeNode.Mlp, layer));

    private static IEnumerable<EdgeDestination> Inputs(NetworkConfig config, EdgePort port) => Enumerable.Range(0, config.Layers)
        .SelectMany(layer => Enumerable.Range(0, HeadCount(config, port)).Select(head => new EdgeDestination(EdgeNode.Head, port, layer, head)));

    // A head without a port is a query head, with the keys and values that it reads; keys and values by themselves are counted as the network has them.
    private static IEnumerable<EdgeDestination> Inputs(NetworkConfig config, string name, Match match)
    {
        int layer = Layer(config, name, match);
        if (match.Groups[3].Success)
        {
            EdgePort port = match.Groups[3].Value switch { "q" => EdgePort.Query, "k" => EdgePort.Key, _ => EdgePort.Value };
            return [new EdgeDestination(EdgeNode.Head, port, layer, Index(config, name, match, port))];
        }

        int head = Index(config, name, match, EdgePort.Query);
        int shared = head / (config.Heads / config.KeyValueHeads);
        return [new(EdgeNode.Head, EdgePort.Query, layer, head), new(EdgeNode.Head, EdgePort.Key, layer, shared), new(EdgeNode.Head, EdgePort.Value, layer, shared)];
    }

    private static int HeadCount(NetworkConfig config, EdgePort port) => port == EdgePort.Query ? config.Heads : config.KeyValueHeads;

    private static int MlpLayer(NetworkConfig config, string name, Match match) =>
        config.AttentionOnly ? throw CutawayException.Usage($"'{name}': this {config.Architecture} has no MLPs") : Layer(config, name, match);

    private static int Layer(NetworkConfig config, string name, Match match) => Number(match.Groups[1]) is int layer && layer < config.Layers
        ? layer
        : throw CutawayException.Usage($"'{name}': there are layers 0 to {config.Layers - 1}");

    private static int Index(NetworkConfig config, string name, Match match, EdgePort port)
    {
        int heads = HeadCount(config, port);
        if (Number(match.Groups[2]) is int head && head < heads)
        {
            return head;
        }

        int group = config.Heads / config.KeyValueHeads;
        string shared = heads == config.Heads ? "" : $" of {PortName(port)}, each read by {group} heads of queries{(Number(match.Groups[2]) is int query && query < config.Heads ? $"; head {query} reads {query / group}" : "")}";
        throw CutawayException.Usage($"'{name}': a layer has heads 0 to {heads - 1}{shared}");
    }

    private static int? Number(Group digits) => int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    // As people write heads (9.6.q) and as edges are named (a9.h6<q>).
    [GeneratedRegex(@"^a?([0-9]+)\.h?([0-9]+)(?:[.<](q|k|v)>?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex HeadPattern();

    [GeneratedRegex("^m(?:lp)?([0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex MlpPattern();
}
