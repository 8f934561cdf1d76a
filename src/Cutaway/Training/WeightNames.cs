using System.Text.RegularExpressions;
using Cutaway.Models.Network;

namespace Cutaway.Training;

/// <summary>Names of parameters in the checkpoints of the families that can be trained.</summary>
internal static class WeightNames
{
    private static readonly Dictionary<string, string> Llama = new(StringComparer.Ordinal)
    {
        ["embed.W_E"] = "model.embed_tokens.weight",
        ["ln1.w"] = "input_layernorm.weight",
        ["attn.W_Q"] = "self_attn.q_proj.weight",
        ["attn.W_K"] = "self_attn.k_proj.weight",
        ["attn.W_V"] = "self_attn.v_proj.weight",
        ["attn.W_O"] = "self_attn.o_proj.weight",
        ["ln2.w"] = "post_attention_layernorm.weight",
        ["mlp.W_gate"] = "mlp.gate_proj.weight",
        ["mlp.W_in"] = "mlp.up_proj.weight",
        ["mlp.W_out"] = "mlp.down_proj.weight",
        ["ln_final.w"] = "model.norm.weight",
        ["unembed.W_U"] = "lm_head.weight",
    };

    private static readonly Dictionary<string, string> Gpt2 = new(StringComparer.Ordinal)
    {
        ["embed.W_E"] = "transformer.wte.weight",
        ["pos_embed.W_pos"] = "transformer.wpe.weight",
        ["ln1.w"] = "ln_1.weight",
        ["ln1.b"] = "ln_1.bias",
        ["attn.W_Q"] = "attn.c_attn.weight",
        ["attn.W_K"] = "attn.c_attn.weight",
        ["attn.W_V"] = "attn.c_attn.weight",
        ["attn.b_Q"] = "attn.c_attn.bias",
        ["attn.b_K"] = "attn.c_attn.bias",
        ["attn.b_V"] = "attn.c_attn.bias",
        ["attn.W_O"] = "attn.c_proj.weight",
        ["attn.b_O"] = "attn.c_proj.bias",
        ["ln2.w"] = "ln_2.weight",
        ["ln2.b"] = "ln_2.bias",
        ["mlp.W_in"] = "mlp.c_fc.weight",
        ["mlp.b_in"] = "mlp.c_fc.bias",
        ["mlp.W_out"] = "mlp.c_proj.weight",
        ["mlp.b_out"] = "mlp.c_proj.bias",
        ["ln_final.w"] = "transformer.ln_f.weight",
        ["ln_final.b"] = "transformer.ln_f.bias",
        ["unembed.W_U"] = "lm_head.weight",
    };

    /// <summary>The name of a parameter in a checkpoint, or null where the checkpoint has no place for it. GPT-2's queries, keys and values share one name.</summary>
    public static string? In(ModelFamily family, NetworkParameter parameter)
    {
        Dictionary<string, string> names = family == ModelFamily.Llama ? Llama : Gpt2;
        Match block = Regex.Match(parameter.Name, @"^blocks\.(\d+)\.(.+)$");
        string? name = names.GetValueOrDefault(block.Success ? block.Groups[2].Value : parameter.Name);
        return !block.Success || name is null ? name : $"{(family == ModelFamily.Llama ? "model.layers" : "transformer.h")}.{block.Groups[1].Value}.{name}";
    }
}
