namespace Cutaway.Models.Network;

/// <summary>The hook points of a network, under TransformerLens's names and shapes, in firing order.</summary>
public sealed class HookTable
{
    private static readonly string[] Resid = ["batch", "pos", "d_model"];
    private static readonly string[] Scale = ["batch", "pos", "one"];
    private static readonly string[] PerHead = ["batch", "pos", "head", "d_head"];
    private static readonly string[] PerHeadValue = ["batch", "pos", "head", "d_value"];
    private static readonly string[] PerHeadResid = ["batch", "pos", "head", "d_model"];
    private static readonly string[] PerHeadScale = ["batch", "pos", "head", "one"];
    private static readonly string[] Square = ["batch", "head", "query", "key"];
    private static readonly string[] Choices = ["batch", "pos", "choice"];
    private static readonly string[] Neurons = ["batch", "pos", "neuron"];

    private readonly NetworkConfig config;
    private readonly List<HookPoint> points = [];
    private readonly Dictionary<string, HookPoint> byName = new(StringComparer.Ordinal);
    private readonly int[] index;

    /// <summary>Lists the hook points that a network of this configuration has.</summary>
    public HookTable(NetworkConfig config)
    {
        this.config = config;
        index = new int[(config.Layers + 1) * Enum.GetValues<HookKind>().Length];
        Array.Fill(index, -1);
        Build();
    }

    /// <summary>All hook points in firing order.</summary>
    public IReadOnlyList<HookPoint> Points => points;

    /// <summary>The hook point of a name, or null.</summary>
    public HookPoint? Find(string name) => byName.GetValueOrDefault(Canonical(name));

    /// <summary>
    /// The name here of what TransformerLens calls by its stack in models of two: <c>decoder.3.hook_resid_pre</c> is
    /// <c>blocks.3.hook_resid_pre</c> of the decoder, <c>encoder_final_ln.hook_scale</c> is <c>ln_final.hook_scale</c> of the encoder.
    /// Names of TransformerLens's Bridge and of nnterp are understood too. A name that is none of these is given back as it is.
    /// </summary>
    public string Canonical(string name)
    {
        string stack = config.Causal ? "decoder" : "encoder";
        return name.StartsWith($"{stack}.", StringComparison.Ordinal) ? $"blocks.{name[(stack.Length + 1)..]}"
            : name.StartsWith($"{stack}_final_ln.", StringComparison.Ordinal) ? $"ln_final.{name[(stack.Length + "_final_ln.".Length)..]}"
            : HookAliases.Canonical(config, name);
    }

    /// <summary>Other libraries' names of a hook point, which are understood wherever its own is.</summary>
    public IReadOnlyList<string> AliasesOf(HookPoint point) => [.. HookAliases.Of(config, point)];

    /// <summary>The hook point of a kind and layer (-1 outside the blocks), or null where this network has none.</summary>
    public HookPoint? Find(HookKind kind, int layer = -1) => IndexOf(kind, layer) is >= 0 and int i ? points[i] : null;

    /// <summary>The firing index, or -1 where this network has no such hook point.</summary>
    public int IndexOf(HookKind kind, int layer = -1) =>
        (uint)(layer + 1) <= (uint)config.Layers ? index[((layer + 1) * (index.Length / (config.Layers + 1))) + (int)kind] : -1;

    private void Build()
    {
        NetworkConfig c = config;
        if (c.EmbeddingNorm)
        {
            AddNorm(HookKind.EmbedNormScale, -1, "embed.ln");
        }

        Add(HookKind.Embed, -1, "hook_embed", Resid);
        if (c.Positions is PositionKind.Learned or PositionKind.Shortformer)
        {
            Add(HookKind.PositionEmbed, -1, "hook_pos_embed", Resid);
        }

        if (c.TokenTypes > 0)
        {
            Add(HookKind.TokenTypeEmbed, -1, "hook_token_type_embed", Resid);
        }

        if (c.InputNorm)
        {
            AddNorm(HookKind.InputNormScale, -1, "embed.ln");
        }

        for (int layer = 0; layer < c.Layers; layer++)
        {
            AddBlock(layer);
        }

        if (c.Norm != NormKind.None && c.FinalNorm)
        {
            Add(HookKind.FinalNormScale, -1, "ln_final.hook_scale", Scale);
            Add(HookKind.FinalNormNormalized, -1, "ln_final.hook_normalized", Resid);
        }

        Add(HookKind.UnembedIn, -1, "unembed.hook_in", Resid);
        if (c.Unembeds)
        {
            Add(HookKind.UnembedOut, -1, "unembed.hook_out", ["batch", "pos", "vocab"]);
        }
    }

    private void AddBlock(int layer)
    {
        NetworkConfig c = config;
        Add(HookKind.ResidPre, layer, "hook_resid_pre", Resid);
        if (c.Latent is null)
        {
            AddHeadInputs(layer);
        }

        if (c.PreNorms)
        {
            AddNorm(HookKind.AttentionNormScale, layer, "ln1");
        }

        if (c.Latent is { } latent)
        {
            if (latent.QueryWidth > 0)
            {
                Add(HookKind.QueryLatent, layer, "attn.hook_q_latent", ["batch", "pos", "q_latent"]);
            }

            Add(HookKind.KeyValueLatent, layer, "attn.hook_kv_latent", ["batch", "pos", "kv_latent"]);
        }

        string[] perValue = c.DValue == c.DHead ? PerHead : PerHeadValue;
        Add(HookKind.Query, layer, "attn.hook_q", PerHead);
        Add(HookKind.Key, layer, "attn.hook_k", PerHead, keyHeads: true);
        Add(HookKind.Value, layer, "attn.hook_v", perValue, keyHeads: true);
        if (c.QueryKeyNorm != QueryKeyNorm.None)
        {
            string[] scale = c.QueryKeyNorm == QueryKeyNorm.Whole ? Scale : PerHeadScale;
            Add(HookKind.QueryNormScale, layer, "attn.q_norm.hook_scale", scale);
            Add(HookKind.QueryNormNormalized, layer, "attn.q_norm.hook_normalized", PerHead);
            Add(HookKind.KeyNormScale, layer, "attn.k_norm.hook_scale", scale, keyHeads: true);
            Add(HookKind.KeyNormNormalized, layer, "attn.k_norm.hook_normalized", PerHead, keyHeads: true);
        }

        if (c.LayerConfigs[layer].Rotary is not null)
        {
            Add(HookKind.RotatedQuery, layer, "attn.hook_rot_q", PerHead);
            Add(HookKind.RotatedKey, layer, "attn.hook_rot_k", PerHead, keyHeads: true);
        }

        Add(HookKind.AttentionScores, layer, "attn.hook_attn_scores", Square);
        Add(HookKind.Pattern, layer, "attn.hook_pattern", Square);
        Add(HookKind.Z, layer, "attn.hook_z", perValue);
        Add(HookKind.Result, layer, "attn.hook_result", PerHeadResid, optional: true);
        if (c.PostNorms)
        {
            AddNorm(HookKind.AttentionPostNormScale, layer, "ln1_post");
        }

        Add(HookKind.AttentionOut, layer, "hook_attn_out", Resid);
        if (!c.AttentionOnly)
        {
            if (c.Block == BlockKind.Sequential)
            {
                Add(HookKind.ResidMid, layer, "hook_resid_mid", Resid);
                AddCross(layer);
            }

            if (c.NormPlacement == NormPlacement.OnSum)
            {
                AddNorm(HookKind.MlpNormScale, layer, "ln1");
            }

            Add(HookKind.MlpIn, layer, "hook_mlp_in", Resid, optional: true);
            if (c.Block != BlockKind.ParallelSharedNorm && c.PreNorms)
            {
                AddNorm(HookKind.MlpNormScale, layer, c.Encoder is null ? "ln2" : "ln3");
            }

            if (c.LayerConfigs[layer].Experts is not null)
            {
                Add(HookKind.RouterLogits, layer, "mlp.hook_router_logits", ["batch", "pos", "expert"]);
                Add(HookKind.ExpertIndices, layer, "mlp.hook_expert_indices", Choices);
                Add(HookKind.ExpertWeights, layer, "mlp.hook_expert_weights", Choices);
            }
            else
            {
                AddNeurons(layer);
            }

            if (c.PostNorms)
            {
                AddNorm(HookKind.MlpPostNormScale, layer, "ln2_post");
            }

            Add(HookKind.MlpOut, layer, "hook_mlp_out", Resid);
        }

        Add(HookKind.ResidPost, layer, "hook_resid_post", Resid);
        if (c.NormPlacement == NormPlacement.OnSum)
        {
            AddNorm(HookKind.SumNormScale, layer, "ln2");
            Add(HookKind.NormalizedResidPost, layer, "hook_normalized_resid_post", Resid);
        }
    }

    // Where heads read the stream themselves, and not what all read of it (latent attention).
    private void AddHeadInputs(int layer)
    {
        if (config.Heads == config.KeyValueHeads)
        {
            // With grouped queries a key head has no query head of its own to share an input with.
            Add(HookKind.AttentionIn, layer, "hook_attn_in", PerHeadResid, optional: true);
        }

        Add(HookKind.QueryInput, layer, "hook_q_input", PerHeadResid, optional: true);
        Add(HookKind.KeyInput, layer, "hook_k_input", PerHeadResid, optional: true, keyHeads: true);
        Add(HookKind.ValueInput, layer, "hook_v_input", PerHeadResid, optional: true, keyHeads: true);
    }

    private void AddNeurons(int layer)
    {
        Add(HookKind.MlpPre, layer, "mlp.hook_pre", Neurons);
        if (config.GatedMlp)
        {
            Add(HookKind.MlpPreLinear, layer, "mlp.hook_pre_linear", Neurons);
        }

        Add(HookKind.MlpPost, layer, "mlp.hook_post", Neurons);
    }

    private void AddCross(int layer)
    {
        if (config.Encoder is not null)
        {
            AddNorm(HookKind.CrossNormScale, layer, "ln2");
            Add(HookKind.CrossQuery, layer, "cross_attn.hook_q", PerHead);
            Add(HookKind.CrossScores, layer, "cross_attn.hook_attn_scores", Square);
            Add(HookKind.CrossPattern, layer, "cross_attn.hook_pattern", Square);
            Add(HookKind.CrossZ, layer, "cross_attn.hook_z", PerHead);
            Add(HookKind.CrossOut, layer, "hook_cross_attn_out", Resid);
            Add(HookKind.ResidMidCross, layer, "hook_resid_mid_cross", Resid);
        }
    }

    // The kind of a norm's normalized value follows the kind of its scale.
    private void AddNorm(HookKind scale, int layer, string name)
    {
        if (config.Norm != NormKind.None)
        {
            Add(scale, layer, name + ".hook_scale", Scale);
            Add(scale + 1, layer, name + ".hook_normalized", Resid);
        }
    }

    private void Add(HookKind kind, int layer, string name, string[] axes, bool optional = false, bool keyHeads = false)
    {
        string full = layer < 0 ? name : $"blocks.{layer}.{name}";
        int[] extents = Array.ConvertAll(axes, axis => axis switch
        {
            "d_model" => config.DModel,
            "head" => keyHeads ? config.KeyValueHeads : config.Heads,
            "d_head" => config.DHead,
            "d_value" => config.DValue,
            "q_latent" => config.Latent!.QueryWidth,
            "kv_latent" => config.Latent!.Width,
            "neuron" => config.DMlp,
            "expert" => config.LayerConfigs[layer].Experts!.Count,
            "choice" => config.LayerConfigs[layer].Experts!.Chosen,
            "vocab" => config.Vocabulary,
            "one" => 1,
            _ => 0,
        });
        HookPoint point = new(points.Count, kind, layer, full, axes, extents, optional);
        index[((layer + 1) * (index.Length / (config.Layers + 1))) + (int)kind] = point.Index;
        points.Add(point);
        byName.Add(full, point);
    }
}
