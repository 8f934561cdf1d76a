using Cutaway.Models.Network;
using Cutaway.Models.Parity;

namespace Cutaway.Models.Reference;

/// <summary>DeepSeek-V2 and V3 against their papers and published code (DeepSeek-AI 2024), written out in double precision.</summary>
public sealed class DeepSeekReferenceTests
{
    private const string Shape = """
        "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "vocab_size": 31, "intermediate_size": 20, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": false, "kv_lora_rank": 10, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 5,
        "n_routed_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 7, "first_k_dense_replace": 1, "rope_theta": 10000.0, "routed_scaling_factor": 2.5
        """;

    private const string Yarn = """
        "rope_scaling": { "type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8, "beta_fast": 32, "beta_slow": 1, "mscale": 0.7, "mscale_all_dim": 0.9 }
        """;

    private static readonly int[] Ids = [3, 30, 7, 7, 0, 12, 25, 9, 1, 18];

    public static TheoryData<string> Configurations =>
    [
        $$"""{ "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", {{Shape}}, "q_lora_rank": 9, "n_group": 4, "topk_group": 2, "n_shared_experts": 2, "norm_topk_prob": true, {{Yarn}} }""",
        $$"""{ "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", {{Shape}}, "q_lora_rank": null, "n_group": 1, "topk_group": 1, "n_shared_experts": 1, "norm_topk_prob": false, "attention_bias": true, "rope_interleave": false }""",
        $$"""{ "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", {{Shape}}, "q_lora_rank": 9, "n_group": 4, "topk_group": 2, "n_shared_experts": 2, "topk_method": "group_limited_greedy", {{Yarn}} }""",
        $$"""{ "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", {{Shape}}, "q_lora_rank": null, "topk_method": "greedy" }""",
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Logits_are_those_of_the_definition(string config)
    {
        using RandomCheckpoint checkpoint = Create(config);
        double[] expected = Logits(checkpoint, Ids);
        TransformerNetwork network = checkpoint.Load();
        Closeness.Require("logits", expected, NetworkRun.Of<double>(network, [Ids]).Logits, 1e-9);

        int[] padded = [0, 0, 0, .. Ids];
        double[] behind = NetworkRun.Of<double>(network, [padded], [[.. padded.Select((_, i) => i >= 3)]]).Logits;
        Closeness.Require("logits behind padding", expected, behind.AsSpan(behind.Length - expected.Length), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Its_cost_is_what_it_computes(string config)
    {
        using RandomCheckpoint checkpoint = Create(config);
        TransformerNetwork network = checkpoint.Load();
        ForwardPass<float> pass = new(network);
        pass.Run(new ForwardRequest(Ids, 1, Ids.Length));
        Assert.Equal(ForwardCost.Run(network.Config, 1, Ids.Length, Ids.Length), pass.MultiplyAdds);
    }

    private static RandomCheckpoint Create(string config)
    {
        RandomCheckpoint c = new(config, seed: 3);
        (int d, int heads, int rank, int rope) = (c.Count("hidden_size"), c.Count("num_attention_heads"), c.Count("kv_lora_rank"), c.Count("qk_rope_head_dim"));
        (int own, int value, int queries) = (c.Count("qk_nope_head_dim"), c.Count("v_head_dim"), c.Count("q_lora_rank"));
        int width = heads * (own + rope);
        c.With(("model.embed_tokens.weight", [c.Count("vocab_size"), d]), ("lm_head.weight", [c.Count("vocab_size"), d]), ("model.norm.weight", [d]));
        for (int layer = 0; layer < c.Count("num_hidden_layers"); layer++)
        {
            string name = $"model.layers.{layer}";
            c.With(($"{name}.input_layernorm.weight", [d]), ($"{name}.post_attention_layernorm.weight", [d]));
            c.With(($"{name}.self_attn.kv_a_proj_with_mqa.weight", [rank + rope, d]), ($"{name}.self_attn.kv_a_layernorm.weight", [rank]));
            c.With(($"{name}.self_attn.kv_b_proj.weight", [heads * (own + value), rank]), ($"{name}.self_attn.o_proj.weight", [d, heads * value]));
            _ = queries == 0
                ? c.With(($"{name}.self_attn.q_proj.weight", [width, d]))
                : c.With(($"{name}.self_attn.q_a_proj.weight", [queries, d]), ($"{name}.self_attn.q_a_layernorm.weight", [queries]), ($"{name}.self_attn.q_b_proj.weight", [width, queries]));
            if (c.Says("attention_bias"))
            {
                c.With(($"{name}.self_attn.kv_a_proj_with_mqa.bias", [rank + rope]), ($"{name}.self_attn.o_proj.bias", [d]));
            }

            if (layer < c.Count("first_k_dense_replace"))
            {
                Mlp($"{name}.mlp", c.Count("intermediate_size"));
                continue;
            }

            c.With(($"{name}.mlp.gate.weight", [c.Count("n_routed_experts"), d]));
            for (int expert = 0; expert < c.Count("n_routed_experts"); expert++)
            {
                Mlp($"{name}.mlp.experts.{expert}", c.Count("moe_intermediate_size"));
            }

            if (c.Count("n_shared_experts") > 0)
            {
                Mlp($"{name}.mlp.shared_experts", c.Count("n_shared_experts") * c.Count("moe_intermediate_size"));
            }

            if (IsThird(c))
            {
                c.With(($"{name}.mlp.gate.e_score_correction_bias", [c.Count("n_routed_experts")]));
            }
        }

        return c;

        void Mlp(string name, int neurons) =>
            c.With(($"{name}.gate_proj.weight", [neurons, d]), ($"{name}.up_proj.weight", [neurons, d]), ($"{name}.down_proj.weight", [d, neurons]));
    }

    private static bool IsThird(RandomCheckpoint c) => c.Text("model_type") == "deepseek_v3";

    private static double[] Logits(RandomCheckpoint c, int[] ids)
    {
        (int d, double epsilon) = (c.Count("hidden_size"), c.Number("rms_norm_eps"));
        double[][] x = [.. ids.Select(id => c["model.embed_tokens.weight"][(id * d)..((id + 1) * d)])];
        for (int layer = 0; layer < c.Count("num_hidden_layers"); layer++)
        {
            string name = $"model.layers.{layer}";
            x = Naive.Add(x, Attention(c, $"{name}.self_attn", Naive.Rms(x, c[$"{name}.input_layernorm.weight"], epsilon)));
            double[][] read = Naive.Rms(x, c[$"{name}.post_attention_layernorm.weight"], epsilon);
            x = Naive.Add(x, layer < c.Count("first_k_dense_replace") ? Mlp(c, $"{name}.mlp", read) : Experts(c, $"{name}.mlp", read));
        }

        return [.. Naive.Linear(Naive.Rms(x, c["model.norm.weight"], epsilon), c["lm_head.weight"]).SelectMany(row => row)];
    }

    private static double[][] Mlp(RandomCheckpoint c, string name, double[][] x) =>
        Naive.GatedMlp(x, c[$"{name}.gate_proj.weight"], c[$"{name}.up_proj.weight"], c[$"{name}.down_proj.weight"]);

    // Section 2.1.2 of the V2 paper, equations 9 to 19.
    private static double[][] Attention(RandomCheckpoint c, string name, double[][] h)
    {
        (int rank, int own, int rope, int value) = (c.Count("kv_lora_rank"), c.Count("qk_nope_head_dim"), c.Count("qk_rope_head_dim"), c.Count("v_head_dim"));
        double[][] queries = c.Count("q_lora_rank") == 0
            ? Naive.Linear(h, c[$"{name}.q_proj.weight"])
            : Naive.Linear(Naive.Rms(Naive.Linear(h, c[$"{name}.q_a_proj.weight"]), c[$"{name}.q_a_layernorm.weight"], 1e-6), c[$"{name}.q_b_proj.weight"]);
        double[][] compressed = Naive.Linear(h, c[$"{name}.kv_a_proj_with_mqa.weight"], Bias("kv_a_proj_with_mqa"));
        double[][] shared = Naive.Part(compressed, rank, rope);
        double[][][] up = Naive.Heads(Naive.Linear(Naive.Rms(Naive.Part(compressed, 0, rank), c[$"{name}.kv_a_layernorm.weight"], 1e-6), c[$"{name}.kv_b_proj.weight"]), own + value);
        (double[] frequencies, double factor, double scoreFactor) = Rotation(c, rope);
        double[][][] q = [.. Naive.Heads(queries, own + rope).Select(head => head.Select((row, i) => (double[])[.. row[..own], .. Turned(row[own..], i)]).ToArray())];
        double[][][] k = [.. up.Select(head => head.Select((row, i) => (double[])[.. row[..own], .. Turned(shared[i], i)]).ToArray())];
        double[][][] v = [.. up.Select(head => Naive.Part(head, own, value))];
        return Naive.Linear(Naive.Attend(q, k, v, scoreFactor / Math.Sqrt(own + rope)), c[$"{name}.o_proj.weight"], Bias("o_proj"));

        double[]? Bias(string part) => c.Has($"{name}.{part}.bias") ? c[$"{name}.{part}.bias"] : null;

        // Neighbours are brought to halves first, unless the checkpoint is stored so.
        double[] Turned(double[] part, int position) => Naive.Rotate(
            !IsHalved(c) ? [.. part.Where((_, i) => i % 2 == 0), .. part.Where((_, i) => i % 2 == 1)] : part, position, frequencies, factor);
    }

    private static bool IsHalved(RandomCheckpoint c) => !c.Says("rope_interleave", absent: true);

    // YaRN, whose magnitude is on cosine and sine by one scale and on scores by the other.
    private static (double[] Frequencies, double Factor, double ScoreFactor) Rotation(RandomCheckpoint c, int dimensions)
    {
        double[] plain = Naive.Frequencies(c.Number("rope_theta"), dimensions);
        if (!c.Says("rope_scaling"))
        {
            return (plain, 1, 1);
        }

        double stretch = c.Number("rope_scaling.factor");
        double low = Math.Max(0, Math.Floor(PairOf(c.Number("rope_scaling.beta_fast"))));
        double high = Math.Min(dimensions - 1, Math.Ceiling(PairOf(c.Number("rope_scaling.beta_slow"))));
        double[] frequencies = [.. plain.Select((frequency, i) =>
        {
            double kept = 1 - Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            return (frequency / stretch * (1 - kept)) + (frequency * kept);
        })];
        double all = Magnitude("mscale_all_dim");
        return (frequencies, Magnitude("mscale") / all, all * all);

        double PairOf(double turns) =>
            dimensions * Math.Log(c.Number("rope_scaling.original_max_position_embeddings") / (turns * 2 * Math.PI)) / (2 * Math.Log(c.Number("rope_theta")));

        double Magnitude(string key) => (0.1 * c.Number($"rope_scaling.{key}") * Math.Log(stretch)) + 1;
    }

    // Section 2.1.2 of the V3 paper, equations 12 to 16; the V2 paper's softmax and section 2.2.2 for V2.
    private static double[][] Experts(RandomCheckpoint c, string name, double[][] x)
    {
        int chosen = c.Count("num_experts_per_tok");
        double[][] logits = Naive.Linear(x, c[$"{name}.gate.weight"]);
        double[][] written = Naive.Mixture(x, Choose, (expert, rows) => Mlp(c, $"{name}.experts.{expert}", rows));
        return c.Count("n_shared_experts") == 0 ? written : Naive.Add(written, Mlp(c, $"{name}.shared_experts", x));

        IEnumerable<(int Expert, double Weight)> Choose(int position)
        {
            double[] scores = IsThird(c) ? [.. logits[position].Select(Naive.Sigmoid)] : Naive.Softmax(logits[position]);
            double[] worth = IsThird(c) ? [.. scores.Zip(c[$"{name}.gate.e_score_correction_bias"], (score, bias) => score + bias)] : scores;
            int groups = Math.Max(1, c.Count("n_group"));
            int size = scores.Length / groups;
            double[] groupWorth = [.. worth.Chunk(size).Select(group => IsThird(c) ? group.OrderDescending().Take(2).Sum() : group.Max())];
            int[] open = Naive.Largest(groupWorth, Math.Max(1, c.Count("topk_group")));
            int[] best = Naive.Largest([.. worth.Select((value, i) => open.Contains(i / size) ? value : double.NegativeInfinity)], chosen);
            double sum = c.Says("norm_topk_prob") ? best.Sum(expert => scores[expert]) : 1;
            return best.Select(expert => (expert, c.Number("routed_scaling_factor") * scores[expert] / sum));
        }
    }
}
