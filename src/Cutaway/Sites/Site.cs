using System.Text;
using System.Text.RegularExpressions;
using Cutaway.Models.Network;

namespace Cutaway.Sites;

/// <summary>
/// Where in a network to read or to change: hook points by TransformerLens's names (with <c>*</c> for any part of one), and
/// within them heads and positions.
/// </summary>
/// <param name="Name">A hook name such as <c>blocks.3.attn.hook_z</c>, or a pattern such as <c>blocks.*.hook_resid_pre</c>.</param>
public sealed record Site(string Name)
{
    /// <summary>Heads, or null for all.</summary>
    public IReadOnlyList<int>? Heads { get; init; }

    /// <summary>Positions of the text (padding does not count), negative ones counted from the prompt's end, or null for all.</summary>
    public IReadOnlyList<int>? Positions { get; init; }

    /// <summary>The residual stream before each block.</summary>
    public static Site AllResidPre { get; } = new("blocks.*.hook_resid_pre");

    /// <summary>The residual stream after each block.</summary>
    public static Site AllResidPost { get; } = new("blocks.*.hook_resid_post");

    /// <summary>The attention patterns of every layer.</summary>
    public static Site AllPatterns { get; } = new("blocks.*.attn.hook_pattern");

    /// <summary>The mixed values of every layer's heads.</summary>
    public static Site AllZ { get; } = new("blocks.*.attn.hook_z");

    /// <summary>The residual stream before a block.</summary>
    public static Site ResidPre(int layer) => new($"blocks.{layer}.hook_resid_pre");

    /// <summary>The residual stream after a block.</summary>
    public static Site ResidPost(int layer) => new($"blocks.{layer}.hook_resid_post");

    /// <summary>What attention adds to the residual stream in a block.</summary>
    public static Site AttnOut(int layer) => new($"blocks.{layer}.hook_attn_out");

    /// <summary>What the MLP adds to the residual stream in a block.</summary>
    public static Site MlpOut(int layer) => new($"blocks.{layer}.hook_mlp_out");

    /// <summary>Neurons of an MLP after the nonlinearity.</summary>
    public static Site MlpPost(int layer) => new($"blocks.{layer}.mlp.hook_post");

    /// <summary>The attention pattern of a layer, or of one of its heads.</summary>
    public static Site Pattern(int layer, int? head = null) => new($"blocks.{layer}.attn.hook_pattern") { Heads = One(head) };

    /// <summary>The mixed values of a layer's heads, or of one of them.</summary>
    public static Site Z(int layer, int? head = null) => new($"blocks.{layer}.attn.hook_z") { Heads = One(head) };

    /// <summary>What each head writes to the residual stream.</summary>
    public static Site Result(int layer, int? head = null) => new($"blocks.{layer}.attn.hook_result") { Heads = One(head) };

    /// <summary>The same site at some positions only; negative ones count from the prompt's end.</summary>
    public Site At(params int[] positions) => this with { Positions = positions };

    /// <summary>A plain name is a site.</summary>
    public static implicit operator Site(string name) => new(name);

    /// <summary>The same as the conversion from a name.</summary>
    public static Site FromString(string name) => new(name);

    /// <summary>The hook points of a network that the site names.</summary>
    /// <exception cref="CutawayException">None matches; the message lists the nearest names.</exception>
    public IReadOnlyList<HookPoint> Resolve(HookTable hooks)
    {
        string name = hooks.Canonical(Expand(Name));
        List<HookPoint> found = [];
        if (hooks.Find(name) is { } exact)
        {
            found.Add(exact);
        }
        else if (name.Contains('*', StringComparison.Ordinal) || name.Contains('?', StringComparison.Ordinal))
        {
            Regex pattern = new("^" + Regex.Escape(name).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$", RegexOptions.CultureInvariant);
            // A pattern takes what is there anyway; optional points cost extra and must be named up to their last part.
            found.AddRange(hooks.Points.Where(point => pattern.IsMatch(point.Name) && (!point.Optional || NamesLastPart(name, point.Name))));
        }

        if (found.Count == 0)
        {
            throw CutawayException.Usage(
                $"no hook point '{Name}' in this model{NearNames.Suggest(name, hooks.Points.Select(point => point.Name))} (`cutaway hooks` lists all)");
        }

        if (Heads is { Count: 0 } || Positions is { Count: 0 })
        {
            throw CutawayException.Usage($"'{Name}' is given an empty list of {(Heads is { Count: 0 } ? "heads" : "positions")}; leave it out for all of them");
        }

        if (Heads is not null && found.FirstOrDefault(point => point.HeadAxis < 0) is { } headless)
        {
            throw CutawayException.Usage($"'{headless.Name}' has axes ({string.Join(", ", headless.Axes)}): no heads to choose from");
        }

        foreach (HookPoint point in found)
        {
            foreach (int head in Heads ?? [])
            {
                if ((uint)head >= (uint)point.Extents[point.HeadAxis])
                {
                    throw CutawayException.Usage($"head {head} of '{point.Name}': there are heads 0 to {point.Extents[point.HeadAxis] - 1}");
                }
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new(Name);
        if (Heads is not null)
        {
            text.Append(" heads ").AppendJoin(",", Heads);
        }

        if (Positions is not null)
        {
            text.Append(" positions ").AppendJoin(",", Positions);
        }

        return text.ToString();
    }

    private static IReadOnlyList<int>? One(int? head) => head is int h ? [h] : null;

    private static bool NamesLastPart(string pattern, string name) =>
        name.EndsWith(pattern[(pattern.LastIndexOf('*') + 1)..], StringComparison.Ordinal) && pattern.EndsWith(name[(name.LastIndexOf('.') + 1)..], StringComparison.Ordinal);

    // TransformerLens's shorthand for a layer's activation: "resid_pre.3" or "pattern.0"; the long names are the canon.
    private static string Expand(string name)
    {
        int dot = name.LastIndexOf('.');
        if (dot <= 0 || name.StartsWith("blocks.", StringComparison.Ordinal) || name.Contains("hook_", StringComparison.Ordinal))
        {
            return name;
        }

        string layer = name[(dot + 1)..];
        if (layer != "*" && !int.TryParse(layer, out _))
        {
            return name;
        }

        string kind = name[..dot];
        return kind switch
        {
            "q" or "k" or "v" or "z" or "rot_q" or "rot_k" or "attn_scores" or "pattern" or "result" => $"blocks.{layer}.attn.hook_{kind}",
            "pre" or "post" or "pre_linear" => $"blocks.{layer}.mlp.hook_{kind}",
            _ => $"blocks.{layer}.hook_{kind}",
        };
    }
}
