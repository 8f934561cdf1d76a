using System.Text.RegularExpressions;

namespace Cutaway.Models.Network;

/// <summary>
/// Names that other libraries give to the same places: TransformerLens's Bridge (<c>blocks.3.attn.q.hook_out</c>) and nnterp
/// (<c>layers_output[3]</c>). They are only names: a place that a network does not have has none of them.
/// </summary>
internal static partial class HookAliases
{
    /// <summary>The name here of another library's name; the same where it is none.</summary>
    /// <param name="config">The network.</param>
    /// <param name="name">A name; its layer may be a pattern.</param>
    public static string Canonical(NetworkConfig config, string name)
    {
        if (Block().Match(name) is { Success: true } block && OfBlock(config, block.Groups[2].Value) is { } point)
        {
            return $"blocks.{block.Groups[1].Value}.{point}";
        }

        if (Indexed().Match(name) is { Success: true } indexed && OfLayers(config, indexed.Groups[1].Value) is { } place)
        {
            return $"blocks.{indexed.Groups[2].Value}.{place}";
        }

        return name switch
        {
            "embed.hook_out" or "token_embeddings" => "hook_embed",
            "pos_embed.hook_out" => "hook_pos_embed",
            "logits" => "unembed.hook_out",
            _ => name,
        };
    }

    /// <summary>Other names of a hook point.</summary>
    public static IEnumerable<string> Of(NetworkConfig config, HookPoint point)
    {
        IEnumerable<string> candidates = point.Layer < 0
            ? ["embed.hook_out", "pos_embed.hook_out", "token_embeddings", "logits"]
            : [.. Bridge.Select(name => $"blocks.{point.Layer}.{name}"), .. Nnterp.Select(name => $"{name}[{point.Layer}]")];
        return candidates.Where(name => Canonical(config, name) == point.Name);
    }

    private static readonly string[] Bridge =
    [
        "hook_in", "hook_out", "ln2.hook_in", "attn.hook_out", "mlp.hook_out", "ln1_post.hook_out", "ln2_post.hook_out", "attn.q.hook_out", "attn.k.hook_out", "attn.v.hook_out",
        "attn.o.hook_in", "mlp.in.hook_out", "mlp.gate.hook_out", "mlp.out.hook_in", "mlp.hook_router_scores",
    ];

    private static readonly string[] Nnterp = ["layers_input", "layers_output", "attentions", "attentions_output", "mlps", "mlps_output", "attention_probabilities"];

    // What a part wrote before a norm that follows it has no hook point of its own.
    private static string? OfBlock(NetworkConfig config, string name) => name switch
    {
        "hook_in" => "hook_resid_pre",
        "hook_out" => Last(config),
        "ln2.hook_in" when config.Block == BlockKind.Sequential => "hook_resid_mid",
        "attn.hook_out" when !config.PostNorms => "hook_attn_out",
        "mlp.hook_out" when !config.PostNorms => "hook_mlp_out",
        "ln1_post.hook_out" when config.PostNorms => "hook_attn_out",
        "ln2_post.hook_out" when config.PostNorms => "hook_mlp_out",
        "attn.q.hook_out" => "attn.hook_q",
        "attn.k.hook_out" => "attn.hook_k",
        "attn.v.hook_out" => "attn.hook_v",
        "attn.o.hook_in" => "attn.hook_z",
        "mlp.in.hook_out" => config.GatedMlp ? "mlp.hook_pre_linear" : "mlp.hook_pre",
        "mlp.gate.hook_out" when config.GatedMlp => "mlp.hook_pre",
        "mlp.out.hook_in" => "mlp.hook_post",
        "mlp.hook_router_scores" => "mlp.hook_router_logits",
        _ => null,
    };

    private static string? OfLayers(NetworkConfig config, string name) => name switch
    {
        "layers_input" => "hook_resid_pre",
        "layers_output" => Last(config),
        "attentions" or "attentions_output" when !config.PostNorms => "hook_attn_out",
        "mlps" or "mlps_output" when !config.PostNorms => "hook_mlp_out",
        "attention_probabilities" => "attn.hook_pattern",
        _ => null,
    };

    private static string Last(NetworkConfig config) => config.NormPlacement == NormPlacement.OnSum ? "hook_normalized_resid_post" : "hook_resid_post";

    [GeneratedRegex(@"^blocks\.([\d*?]+)\.(.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Block();

    [GeneratedRegex(@"^(\w+)\[([\d*?]+)\]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Indexed();
}
