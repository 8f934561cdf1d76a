using Cutaway.Models.Network;
using Cutaway.Sites;

namespace Cutaway.Analysis;

/// <summary>One place of a patching sweep; -1 stands for all heads, positions or elements.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Head">The head.</param>
/// <param name="Position">The position, of the query where there are two.</param>
/// <param name="Element">The key of a pattern, or the neuron.</param>
internal sealed record PatchCell(int Layer, int Head = -1, int Position = -1, int Element = -1);

/// <summary>The places that a patching sweep goes over, as a grid: rows of layers, heads or queries; columns of positions, heads, keys or neurons.</summary>
internal sealed class PatchGrid
{
    private readonly HookTable hooks;
    private readonly int positions;

    private PatchGrid(HookTable hooks, int positions, PatchSite site, PatchBy by)
    {
        this.hooks = hooks;
        this.positions = positions;
        Site = site;
        By = by;
    }

    /// <summary>What is patched.</summary>
    public PatchSite Site { get; }

    /// <summary>How finely; never <see cref="PatchBy.Auto"/>.</summary>
    public PatchBy By { get; }

    /// <summary>The places, [row][column]; null where there is none (a key after its query).</summary>
    public required IReadOnlyList<IReadOnlyList<PatchCell?>> Cells { get; init; }

    /// <summary>The hook points patched, each once, in the order of layers.</summary>
    public IReadOnlyList<HookPoint> Points => [.. Cells.SelectMany(row => row).OfType<PatchCell>().Select(cell => cell.Layer).Distinct().Order().Select(Point)];

    /// <summary>Lays out a grid.</summary>
    /// <param name="model">The model.</param>
    /// <param name="site">What is patched.</param>
    /// <param name="by">How finely.</param>
    /// <param name="positions">How many positions there are; they are the last ones of each prompt.</param>
    /// <param name="layers">Which layers, or null for all.</param>
    /// <param name="heads">Which heads, or null for all.</param>
    /// <exception cref="CutawayException">The site cannot be split that way, or the model has no such site, layer or head.</exception>
    public static PatchGrid Of(LanguageModel model, PatchSite site, PatchBy by, int positions, IReadOnlyList<int>? layers = null, IReadOnlyList<HeadName>? heads = null)
    {
        if (by == PatchBy.Auto)
        {
            by = site == PatchSite.Neurons ? PatchBy.Neuron : HasHeads(site) ? PatchBy.Head : PatchBy.Position;
        }

        bool square = site is PatchSite.HeadPattern or PatchSite.HeadScores;
        if ((by is PatchBy.Head or PatchBy.HeadPosition && !HasHeads(site)) || (by == PatchBy.Edge && !square) || (by == PatchBy.Neuron && site != PatchSite.Neurons))
        {
            throw CutawayException.Usage($"--by {KebabCase.Of(by.ToString())} does not split {KebabCase.Of(site.ToString())}; leave --by out for what is usual");
        }

        HookTable hooks = model.Network.Hooks;
        int[] chosen = [.. layers is null ? Enumerable.Range(0, model.Config.Layers) : layers.Select(layer => Techniques.PromptTokens.Layer(model, layer)).Distinct().Order()];
        HookPoint first = PointOf(hooks, site, chosen[0]);
        int count = HasHeads(site) ? first.Extents[first.HeadAxis] : 0;
        CheckHeads(by, chosen, count, heads);
        chosen = [.. chosen.Where(layer => heads is null || heads.Any(head => head.Layer == layer))];
        return new PatchGrid(hooks, positions, site, by)
        {
            Cells = by switch
            {
                PatchBy.Layer => Rows(layer => [new(layer)]),
                PatchBy.Position => Rows(layer => Line(positions, position => new(layer, Position: position))),
                PatchBy.Head => Rows(layer => Line(count, head => Chosen(layer, head) ? new(layer, head) : null)),
                PatchBy.HeadPosition => HeadRows((layer, head) => [Line(positions, position => new(layer, head, position))]),
                PatchBy.Edge => HeadRows((layer, head) => [.. Enumerable.Range(0, positions).Select(query =>
                    Line(positions, key => key <= query ? new PatchCell(layer, head, query, key) : null))]),
                _ => Rows(layer => Line(model.Config.DMlp, neuron => new(layer, Element: neuron))),
            },
        };

        IReadOnlyList<IReadOnlyList<PatchCell?>> Rows(Func<int, IReadOnlyList<PatchCell?>> row) => [.. chosen.Select(row)];

        IReadOnlyList<IReadOnlyList<PatchCell?>> HeadRows(Func<int, int, IEnumerable<IReadOnlyList<PatchCell?>>> rows) =>
            [.. chosen.SelectMany(layer => Enumerable.Range(0, count).Where(head => Chosen(layer, head)).SelectMany(head => rows(layer, head)))];

        bool Chosen(int layer, int head) => heads is null || heads.Contains(new HeadName(layer, head));

        static IReadOnlyList<PatchCell?> Line(int count, Func<int, PatchCell?> cell) => [.. Enumerable.Range(0, count).Select(cell)];
    }

    /// <summary>The hook point of a layer.</summary>
    public HookPoint Point(int layer) => PointOf(hooks, Site, layer);

    /// <summary>A place as a site, at another layer if one is given.</summary>
    public Site At(PatchCell cell, int? layer = null) => new(Point(layer ?? cell.Layer).Name)
    {
        Heads = cell.Head < 0 ? null : [cell.Head],
        Positions = cell.Position < 0 ? null : [cell.Position - positions],
    };

    /// <summary>Whether a kind of site has heads.</summary>
    public static bool HasHeads(PatchSite site) => site is >= PatchSite.HeadZ and <= PatchSite.HeadPattern;

    private static void CheckHeads(PatchBy by, int[] layers, int count, IReadOnlyList<HeadName>? heads)
    {
        if (heads is not null && by is not (PatchBy.Head or PatchBy.HeadPosition or PatchBy.Edge))
        {
            throw CutawayException.Usage($"--heads chooses among heads, and --by {KebabCase.Of(by.ToString())} goes over none; use --by head, head-position or edge");
        }

        if (heads?.FirstOrDefault(head => !layers.Contains(head.Layer) || head.Head >= count) is { } missing)
        {
            throw CutawayException.Usage($"there is no head {missing} to go over: layers {layers[0]} to {layers[^1]} have heads 0 to {count - 1}");
        }
    }

    private static HookPoint PointOf(HookTable hooks, PatchSite site, int layer) => new Site(site switch
    {
        PatchSite.ResidPre => $"blocks.{layer}.hook_resid_pre",
        PatchSite.ResidMid => $"blocks.{layer}.hook_resid_mid",
        PatchSite.ResidPost => $"blocks.{layer}.hook_resid_post",
        PatchSite.AttnOut => $"blocks.{layer}.hook_attn_out",
        PatchSite.MlpOut => $"blocks.{layer}.hook_mlp_out",
        PatchSite.HeadZ => $"blocks.{layer}.attn.hook_z",
        PatchSite.HeadResult => $"blocks.{layer}.attn.hook_result",
        PatchSite.HeadQ => $"blocks.{layer}.attn.hook_q",
        PatchSite.HeadK => $"blocks.{layer}.attn.hook_k",
        PatchSite.HeadV => $"blocks.{layer}.attn.hook_v",
        PatchSite.HeadScores => $"blocks.{layer}.attn.hook_attn_scores",
        PatchSite.HeadPattern => $"blocks.{layer}.attn.hook_pattern",
        _ => $"blocks.{layer}.mlp.hook_post",
    }).Resolve(hooks)[0];
}
