using Cutaway.Models.Architectures;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

public sealed class HookAliasesTests
{
    [Theory]
    [InlineData("llama", "blocks.1.hook_in", "blocks.1.hook_resid_pre")]
    [InlineData("llama", "blocks.0.hook_out", "blocks.0.hook_resid_post")]
    [InlineData("llama", "blocks.0.ln2.hook_in", "blocks.0.hook_resid_mid")]
    [InlineData("llama", "blocks.0.attn.q.hook_out", "blocks.0.attn.hook_q")]
    [InlineData("llama", "blocks.0.attn.o.hook_in", "blocks.0.attn.hook_z")]
    [InlineData("llama", "blocks.0.mlp.gate.hook_out", "blocks.0.mlp.hook_pre")]
    [InlineData("llama", "blocks.0.mlp.in.hook_out", "blocks.0.mlp.hook_pre_linear")]
    [InlineData("gpt2", "blocks.0.mlp.in.hook_out", "blocks.0.mlp.hook_pre")]
    [InlineData("gemma2", "blocks.0.ln1_post.hook_out", "blocks.0.hook_attn_out")]
    [InlineData("llama", "layers_output[1]", "blocks.1.hook_resid_post")]
    [InlineData("llama", "attentions_output[1]", "blocks.1.hook_attn_out")]
    [InlineData("llama", "attention_probabilities[0]", "blocks.0.attn.hook_pattern")]
    [InlineData("llama", "token_embeddings", "hook_embed")]
    [InlineData("llama", "logits", "unembed.hook_out")]
    public void Names_of_other_libraries_lead_to_the_same_place(string family, string alias, string name) => Assert.Equal(name, Hooks(family).Find(alias)?.Name);

    [Theory]
    [InlineData("gpt2", "blocks.0.mlp.gate.hook_out")]
    [InlineData("gpt-neox", "blocks.0.ln2.hook_in")]
    [InlineData("gemma2", "blocks.0.attn.hook_out")]
    [InlineData("gemma2", "mlps_output[0]")]
    [InlineData("llama", "layers_output[9]")]
    [InlineData("llama", "layers_output[-1]")]
    [InlineData("llama", "embed.hook_in")]
    public void A_place_that_a_network_does_not_have_has_no_name(string family, string alias) => Assert.Null(Hooks(family).Find(alias));

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma2")]
    [InlineData("gpt-neox")]
    public void Every_alias_of_a_point_leads_back_to_it(string family)
    {
        HookTable hooks = Hooks(family);
        (HookPoint Point, string Alias)[] aliases = [.. hooks.Points.SelectMany(point => hooks.AliasesOf(point).Select(alias => (point, alias)))];
        Assert.True(aliases.Length > 20);
        Assert.All(aliases, pair => Assert.Equal(pair.Point, hooks.Find(pair.Alias)));
    }

    private static HookTable Hooks(string family) => new(ModelFolder.Load(Fixtures.Golden("architectures", family)).Config);
}
