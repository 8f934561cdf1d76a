using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Runs;

/// <summary>One run of a model: what it read, what was captured, and the logits that were asked for.</summary>
public sealed class Run
{
    private readonly IReadOnlyDictionary<string, Tensor> captures;
    private readonly IReadOnlySet<string> partial;
    private readonly Tensor? logits;

    internal Run(LanguageModel model, TokenBatch tokens, Tensor? logits, IReadOnlyDictionary<string, Tensor> captures, IReadOnlySet<string> partial)
    {
        Model = model;
        Tokens = tokens;
        this.logits = logits;
        this.captures = captures;
        this.partial = partial;
    }

    /// <summary>The model that ran.</summary>
    public LanguageModel Model { get; }

    /// <summary>What it read.</summary>
    public TokenBatch Tokens { get; }

    /// <summary>Captured activations by hook name, with the axes of <see cref="Models.Network.HookPoint"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Captures => captures;

    /// <summary>Bytes that the captures and the logits take.</summary>
    public long Bytes => captures.Values.Sum(tensor => tensor.Bytes) + (logits?.Bytes ?? 0);

    /// <summary>The logits: (batch, pos, vocab) where all were asked for, (batch, vocab) where the last were.</summary>
    /// <exception cref="CutawayException">No logits were asked for.</exception>
    public Tensor Logits => logits ?? throw CutawayException.Usage(Model.Config.Unembeds
        ? "the run computed no logits; ask for them with LogitScope.Last or LogitScope.All"
        : $"'{Model.Name}' is a {Model.Config.Architecture} without a head: it ends in states and predicts no tokens. Use a checkpoint with a head, or read its states, its attention or its embeddings (`cutaway embed`)");

    /// <summary>The captured activation at a site.</summary>
    /// <exception cref="CutawayException">It was not captured.</exception>
    public Tensor this[Site site] => Find(site);

    /// <summary>The logits at the last real position of a sequence, as doubles, [vocab].</summary>
    public double[] LastLogits(int sequence = 0)
    {
        Tensor row = Logits.Select("batch", sequence);
        return (row.HasAxis("pos") ? row.Select("pos", Tokens.LastPosition(sequence)) : row).ToDoubles();
    }

    /// <summary>The whole activation captured at a site, to be put into another run.</summary>
    /// <exception cref="CutawayException">It was not captured, or only some of its heads or positions were.</exception>
    public Tensor Captured(Site site)
    {
        Tensor tensor = Find(site);
        string name = site.Resolve(Model.Network.Hooks)[0].Name;
        return partial.Contains(name)
            ? throw CutawayException.Usage($"only some heads or positions of '{name}' were captured; capture the whole site to use it in another run")
            : tensor;
    }

    private Tensor Find(Site site)
    {
        IReadOnlyList<Models.Network.HookPoint> points = site.Resolve(Model.Network.Hooks);
        if (points.Count != 1)
        {
            throw CutawayException.Usage($"'{site.Name}' names {points.Count} hook points; name one");
        }

        return captures.TryGetValue(points[0].Name, out Tensor? tensor)
            ? tensor
            : throw CutawayException.Usage($"'{points[0].Name}' was not captured in this run; captured: {(captures.Count == 0 ? "nothing" : string.Join(", ", captures.Keys.Take(6)))}");
    }
}
