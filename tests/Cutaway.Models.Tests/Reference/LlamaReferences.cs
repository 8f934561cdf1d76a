using static Cutaway.Models.Reference.ReferenceMath;

namespace Cutaway.Models.Reference;

/// <summary>Families whose tensors are named <c>model.layers.N</c>, each as its <c>modeling_*.py</c> of Hugging Face Transformers defines it.</summary>
internal static class LlamaReferences
{
    private const string Common = """
        "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 31,
        "max_position_embeddings": 64, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false
        """;

    // The walk that all share: embedding, blocks, final norm, head.
    private static double[][] Walk(ReferenceCheckpoint c, int[] ids, Func<double[], double[]> finalNorm, Func<double[][], int, double[][]> block, double embedding = 1, double logits = 1)
    {
        int d = c.Int("hidden_size");
        double[] table = c.Take("model.embed_tokens.weight", c.Int("vocab_size"), d);
        double[][] x = [.. ids.Select(id => Times(table[(id * d)..((id + 1) * d)], embedding))];
        for (int layer = 0; layer < c.Int("num_hidden_layers"); layer++)
        {
            x = block(x, layer);
        }

        bool tied = c.Config["tie_word_embeddings"]?.GetValue<bool>() ?? false;
        double[] head = tied ? table : c.Take("lm_head.weight", c.Int("vocab_size"), d);
        return [.. x.Select(row => Times(Multiply(head, finalNorm(row)), logits))];
    }

    private static double[][] Attention(
        ReferenceCheckpoint c, double[][] x, int layer, bool bias, bool outputBias, int rotated, bool neighbours = false, int? window = null, double? scale = null, Func<double[], string, double[]>? change = null)
    {
        (int d, int heads, int keyHeads) = (c.Int("hidden_size"), c.Int("num_attention_heads"), c.Int("num_key_value_heads"));
        int width = c.Config["head_dim"]?.GetValue<int>() ?? (d / heads);
        string name = $"model.layers.{layer}.self_attn";
        double theta = c.Double("rope_theta");
        change ??= (vector, _) => vector;
        double[][] q = [.. x.Select((row, p) => PerHead(change(c.Linear(row, name + ".q_proj", heads * width, bias), "q"), width, (head, _) => Rotate(head, p, theta, rotated, neighbours)))];
        double[][] k = [.. x.Select((row, p) => PerHead(change(c.Linear(row, name + ".k_proj", keyHeads * width, bias), "k"), width, (head, _) => Rotate(head, p, theta, rotated, neighbours)))];
        double[][] v = [.. x.Select(row => change(c.Linear(row, name + ".v_proj", keyHeads * width, bias), "v"))];
        double[][] mixed = Attend(q, k, v, heads, scale ?? (1 / Math.Sqrt(width)), (query, key) => key <= query && (window is null || query - key < window));
        return [.. mixed.Select(row => c.Linear(row, name + ".o_proj", d, outputBias))];
    }

    /// <summary>Every case: a name, a configuration, and the logits of the reference.</summary>
    public static IEnumerable<(string Name, string Config, Func<ReferenceCheckpoint, int[], double[][]> Logits)> All()
    {
        yield return ("olmo", $$"""{ "architectures": ["OlmoForCausalLM"], "model_type": "olmo", "clip_qkv": 0.4, {{Common}} }""", (c, ids) =>
            Walk(c, ids, row => LayerNorm(row, 1e-5), (x, layer) =>
            {
                double[][] attended = Attention(c, [.. x.Select(row => LayerNorm(row, 1e-5))], layer, bias: false, outputBias: false, rotated: 4, change: (vector, _) => Clip(vector, 0.4));
                double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b))];
                return [.. h.Select(row => Add(row, c.Gated(LayerNorm(row, 1e-5), $"model.layers.{layer}.mlp", 24)))];
            }));

        foreach (bool third in (bool[])[false, true])
        {
            string type = third ? "olmo3" : "olmo2";
            yield return (type, $$"""{ "architectures": ["{{(third ? "Olmo3ForCausalLM" : "Olmo2ForCausalLM")}}"], "model_type": "{{type}}", {{(third ? "\"sliding_window\": 3, " : "")}}{{Common}} }""", (c, ids) =>
                Walk(c, ids, row => c.RmsNorm(row, "model.norm", 1e-5), (x, layer) =>
                {
                    string name = $"model.layers.{layer}";
                    double[][] attended = Attention(c, x, layer, false, false, 4, window: third && (layer + 1) % 4 != 0 ? 3 : null, change: (vector, kind) => kind == "v" ? vector : c.RmsNorm(vector, $"{name}.self_attn.{kind}_norm", 1e-5));
                    double[][] h = [.. x.Zip(attended, (a, b) => Add(a, c.RmsNorm(b, name + ".post_attention_layernorm", 1e-5)))];
                    return [.. h.Select(row => Add(row, c.RmsNorm(c.Gated(row, name + ".mlp", 24), name + ".post_feedforward_layernorm", 1e-5)))];
                }));
        }

        foreach (bool norms in (bool[])[false, true])
        {
            yield return ($"cohere, norms of heads {norms}", $$"""{ "architectures": ["CohereForCausalLM"], "model_type": "cohere", "layer_norm_eps": 1e-5, "logit_scale": 0.0625, "use_qk_norm": {{(norms ? "true" : "false")}}, {{Common}} }""", (c, ids) =>
                Walk(c, ids, row => c.LayerNorm(row, "model.norm", 1e-5, false), (x, layer) =>
                {
                    string name = $"model.layers.{layer}";
                    double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".input_layernorm", 1e-5, false))];
                    double[][] attended = Attention(c, normed, layer, false, false, 4, neighbours: true, change: (vector, kind) => !norms || kind == "v" ? vector
                        : PerHead(vector, 4, (head, h) => LayerNorm(head, 1e-5, Head(c.Take($"{name}.self_attn.{kind}_norm.weight", kind == "q" ? 4 : 2, 4), h, 4))));
                    return [.. x.Select((row, p) => Add(Add(row, attended[p]), c.Gated(normed[p], name + ".mlp", 24)))];
                }, logits: 0.0625));
        }

        yield return ("cohere2", $$"""{ "architectures": ["Cohere2ForCausalLM"], "model_type": "cohere2", "layer_norm_eps": 1e-5, "logit_scale": 0.25, "sliding_window": 3, "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"], {{Common}} }""", (c, ids) =>
            Walk(c, ids, row => c.LayerNorm(row, "model.norm", 1e-5, false), (x, layer) =>
            {
                string name = $"model.layers.{layer}";
                double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".input_layernorm", 1e-5, false))];
                double[][] attended = Attention(c, normed, layer, false, false, layer < 3 ? 4 : 0, neighbours: true, window: layer < 3 ? 3 : null);
                return [.. x.Select((row, p) => Add(Add(row, attended[p]), c.Gated(normed[p], name + ".mlp", 24)))];
            }, logits: 0.25));

        yield return ("granite", $$"""{ "architectures": ["GraniteForCausalLM"], "model_type": "granite", "embedding_multiplier": 12.0, "attention_multiplier": 0.3, "residual_multiplier": 0.22, "logits_scaling": 8.0, "attention_bias": true, "mlp_bias": true, {{Common}} }""", (c, ids) =>
            Walk(c, ids, row => c.RmsNorm(row, "model.norm", 1e-5), (x, layer) =>
            {
                string name = $"model.layers.{layer}";
                double[][] attended = Attention(c, [.. x.Select(row => c.RmsNorm(row, name + ".input_layernorm", 1e-5))], layer, true, true, 4, scale: 0.3);
                double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b, 0.22))];
                return [.. h.Select(row => Add(row, c.Gated(c.RmsNorm(row, name + ".post_attention_layernorm", 1e-5), name + ".mlp", 24, bias: true), 0.22))];
            }, embedding: 12, logits: 1 / 8.0));

        foreach ((bool parallel, bool norms) in ((bool, bool)[])[(false, false), (true, true)])
        {
            yield return ($"stablelm, parallel {parallel}", $$"""{ "architectures": ["StableLmForCausalLM"], "model_type": "stablelm", "layer_norm_eps": 1e-5, "partial_rotary_factor": 0.5, "use_qkv_bias": true, "use_parallel_residual": {{(parallel ? "true" : "false")}}, "qk_layernorm": {{(norms ? "true" : "false")}}, {{Common}} }""", (c, ids) =>
                Walk(c, ids, row => c.LayerNorm(row, "model.norm", 1e-5, true), (x, layer) =>
                {
                    string name = $"model.layers.{layer}";
                    double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".input_layernorm", 1e-5, true))];
                    double[][] attended = Attention(c, normed, layer, true, false, 2, change: (vector, kind) => !norms || kind == "v" ? vector
                        : PerHead(vector, 4, (head, h) => LayerNorm(head, 1e-5, c.Take($"{name}.self_attn.{kind}_layernorm.norms.{h}.weight", 4))));
                    if (parallel)
                    {
                        return [.. x.Select((row, p) => Add(Add(row, attended[p]), c.Gated(normed[p], name + ".mlp", 24)))];
                    }

                    double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b))];
                    return [.. h.Select(row => Add(row, c.Gated(c.LayerNorm(row, name + ".post_attention_layernorm", 1e-5, true), name + ".mlp", 24)))];
                }));
        }

        yield return ("starcoder2", $$"""{ "architectures": ["Starcoder2ForCausalLM"], "model_type": "starcoder2", "norm_epsilon": 1e-5, "use_bias": true, "sliding_window": 3, {{Common.Replace("silu", "gelu_pytorch_tanh", StringComparison.Ordinal)}} }""", (c, ids) =>
            Walk(c, ids, row => c.LayerNorm(row, "model.norm", 1e-5, true), (x, layer) =>
            {
                string name = $"model.layers.{layer}";
                double[][] attended = Attention(c, [.. x.Select(row => c.LayerNorm(row, name + ".input_layernorm", 1e-5, true))], layer, true, true, 4, window: 3);
                double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b))];
                return [.. h.Select(row => Add(row, c.Linear(GeluTanh(c.Linear(c.LayerNorm(row, name + ".post_attention_layernorm", 1e-5, true), name + ".mlp.c_fc", 24, true)), name + ".mlp.c_proj", 16, true)))];
            }));

        yield return ("nemotron", $$"""{ "architectures": ["NemotronForCausalLM"], "model_type": "nemotron", "norm_eps": 1e-5, "partial_rotary_factor": 0.5, {{Common.Replace("silu", "relu2", StringComparison.Ordinal)}} }""", (c, ids) =>
        {
            return Walk(c, ids, row => Norm(row, "model.norm"), (x, layer) =>
            {
                string name = $"model.layers.{layer}";
                double[][] attended = Attention(c, [.. x.Select(row => Norm(row, name + ".input_layernorm"))], layer, false, false, 2);
                double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b))];
                return [.. h.Select(row => Add(row, c.Linear(ReluSquared(c.Linear(Norm(row, name + ".post_attention_layernorm"), name + ".mlp.up_proj", 24)), name + ".mlp.down_proj", 16)))];
            });

            double[] Norm(double[] row, string name) => LayerNorm(row, 1e-5, Array.ConvertAll(c.Take(name + ".weight", 16), weight => 1 + weight), c.Take(name + ".bias", 16));
        }
        );

        foreach (bool fourth in (bool[])[false, true])
        {
            string type = fourth ? "glm4" : "glm";
            yield return (type, $$"""{ "architectures": ["{{(fourth ? "Glm4ForCausalLM" : "GlmForCausalLM")}}"], "model_type": "{{type}}", "attention_bias": true, "partial_rotary_factor": 0.5, "head_dim": 8, {{Common}} }""", (c, ids) =>
                Walk(c, ids, row => c.RmsNorm(row, "model.norm", 1e-5), (x, layer) =>
                {
                    string name = $"model.layers.{layer}";
                    double[][] attended = Attention(c, [.. x.Select(row => c.RmsNorm(row, name + ".input_layernorm", 1e-5))], layer, true, false, 4, neighbours: true);
                    double[][] h = [.. x.Zip(attended, (a, b) => Add(a, After(b, name + ".post_self_attn_layernorm")))];
                    return [.. h.Select(row => Add(row, After(Mlp(c.RmsNorm(row, name + ".post_attention_layernorm", 1e-5), name), name + ".post_mlp_layernorm")))];

                    double[] After(double[] row, string norm) => fourth ? c.RmsNorm(row, norm, 1e-5) : row;

                    double[] Mlp(double[] row, string layerName)
                    {
                        double[] both = c.Linear(row, layerName + ".mlp.gate_up_proj", 48);
                        return c.Linear([.. Silu(both[..24]).Zip(both[24..], (a, b) => a * b)], layerName + ".mlp.down_proj", 16);
                    }
                }));
        }

        yield return ("smollm3", $$"""{ "architectures": ["SmolLM3ForCausalLM"], "model_type": "smollm3", "no_rope_layers": [1, 0, 1, 0], {{Common}} }""", (c, ids) =>
            Walk(c, ids, row => c.RmsNorm(row, "model.norm", 1e-5), (x, layer) =>
            {
                string name = $"model.layers.{layer}";
                double[][] attended = Attention(c, [.. x.Select(row => c.RmsNorm(row, name + ".input_layernorm", 1e-5))], layer, false, false, layer % 2 == 0 ? 4 : 0);
                double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b))];
                return [.. h.Select(row => Add(row, c.Gated(c.RmsNorm(row, name + ".post_attention_layernorm", 1e-5), name + ".mlp", 24)))];
            }));

        foreach (string type in (string[])["qwen2_moe", "olmoe", "granitemoe"])
        {
            yield return (type, Moe(type), (c, ids) =>
                Walk(c, ids, row => c.RmsNorm(row, "model.norm", 1e-5), (x, layer) =>
                {
                    string name = $"model.layers.{layer}";
                    double residual = type == "granitemoe" ? 0.22 : 1;
                    double[][] attended = Attention(
                        c, [.. x.Select(row => c.RmsNorm(row, name + ".input_layernorm", 1e-5))], layer, type == "qwen2_moe", false, 4, scale: type == "granitemoe" ? 0.3 : null,
                        change: (vector, kind) => type != "olmoe" || kind == "v" ? vector : c.RmsNorm(vector, $"{name}.self_attn.{kind}_norm", 1e-5));
                    double[][] h = [.. x.Zip(attended, (a, b) => Add(a, b, residual))];
                    return [.. h.Select(row => Add(row, Mixture(c, type, c.RmsNorm(row, name + ".post_attention_layernorm", 1e-5), name), residual))];
                }, type == "granitemoe" ? 12 : 1, type == "granitemoe" ? 1 / 8.0 : 1));
        }
    }

    private static string Moe(string type) => type switch
    {
        "qwen2_moe" => $$"""{ "architectures": ["Qwen2MoeForCausalLM"], "model_type": "qwen2_moe", "num_experts": 5, "num_experts_per_tok": 2, "moe_intermediate_size": 6, "shared_expert_intermediate_size": 10, "norm_topk_prob": false, "decoder_sparse_step": 1, {{Common}} }""",
        "olmoe" => $$"""{ "architectures": ["OlmoeForCausalLM"], "model_type": "olmoe", "num_experts": 5, "num_experts_per_tok": 2, "norm_topk_prob": false, {{Common}} }""",
        _ => $$"""{ "architectures": ["GraniteMoeForCausalLM"], "model_type": "granitemoe", "num_local_experts": 5, "num_experts_per_tok": 2, "embedding_multiplier": 12.0, "attention_multiplier": 0.3, "residual_multiplier": 0.22, "logits_scaling": 8.0, {{Common}} }""",
    };

    private static double[] Mixture(ReferenceCheckpoint c, string type, double[] x, string name)
    {
        double[] sum = new double[x.Length];
        if (type == "granitemoe")
        {
            double[] logits = c.Linear(x, name + ".block_sparse_moe.router.layer", 5);
            int[] best = [.. Enumerable.Range(0, 5).OrderByDescending(expert => logits[expert]).Take(2)];
            double[] gates = Softmax([.. best.Select(expert => logits[expert])]);
            double[] input = c.Take(name + ".block_sparse_moe.input_linear.weight", 5, 48, 16);
            double[] output = c.Take(name + ".block_sparse_moe.output_linear.weight", 5, 16, 24);
            for (int i = 0; i < best.Length; i++)
            {
                double[] both = Multiply(input[(best[i] * 48 * 16)..((best[i] + 1) * 48 * 16)], x);
                double[] hidden = [.. Silu(both[..24]).Zip(both[24..], (a, b) => a * b)];
                sum = Add(sum, Multiply(output[(best[i] * 16 * 24)..((best[i] + 1) * 16 * 24)], hidden), gates[i]);
            }

            return sum;
        }

        double[] weights = Softmax(c.Linear(x, name + ".mlp.gate", 5));
        int width = type == "olmoe" ? 24 : 6;
        double[][] written = [.. Enumerable.Range(0, 5).Select(expert => c.Gated(x, $"{name}.mlp.experts.{expert}", width))];
        foreach (int expert in Enumerable.Range(0, 5).OrderByDescending(expert => weights[expert]).Take(2))
        {
            sum = Add(sum, written[expert], weights[expert]);
        }

        if (type == "qwen2_moe")
        {
            double gate = 1 / (1 + Math.Exp(-c.Linear(x, name + ".mlp.shared_expert_gate", 1)[0]));
            sum = Add(sum, c.Gated(x, name + ".mlp.shared_expert", 10), gate);
        }

        return sum;
    }
}
