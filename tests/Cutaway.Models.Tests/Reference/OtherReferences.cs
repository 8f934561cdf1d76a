using static Cutaway.Models.Reference.ReferenceMath;

namespace Cutaway.Models.Reference;

/// <summary>Families with names and layouts of their own, each as its <c>modeling_*.py</c> of Hugging Face Transformers defines it.</summary>
internal static class OtherReferences
{
    private static double[] Row(double[] table, int row, int width) => table[(row * width)..((row + 1) * width)];

    // ALiBi: 2^(-8 i / n) for the largest power of two n, then every other one of the series for 2 n.
    private static double Slope(int head, int heads)
    {
        int power = 1;
        while (2 * power <= heads)
        {
            power *= 2;
        }

        return head < power ? Math.Pow(2, -8.0 * (head + 1) / power) : Math.Pow(2, -4.0 * ((2 * (head - power)) + 1) / power);
    }

    /// <summary>Every case: a name, a configuration, and the logits of the reference.</summary>
    public static IEnumerable<(string Name, string Config, Func<ReferenceCheckpoint, int[], double[][]> Logits)> All()
    {
        yield return ("falcon 7B", """{ "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 31, "layer_norm_epsilon": 1e-5, "multi_query": true, "parallel_attn": true, "new_decoder_architecture": false, "bias": false, "alibi": false }""", (c, ids) => Falcon(c, ids, 1, rotary: true));
        yield return ("falcon 40B", """{ "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "num_kv_heads": 2, "vocab_size": 31, "layer_norm_epsilon": 1e-5, "multi_query": true, "parallel_attn": true, "new_decoder_architecture": true, "bias": false, "alibi": false }""", (c, ids) => Falcon(c, ids, 2, rotary: true));
        yield return ("falcon RW", """{ "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 31, "layer_norm_epsilon": 1e-5, "multi_query": false, "parallel_attn": false, "new_decoder_architecture": false, "bias": true, "alibi": true }""", (c, ids) => Falcon(c, ids, 4, rotary: false));
        yield return ("internlm2", """{ "architectures": ["InternLM2ForCausalLM"], "model_type": "internlm2", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 31, "max_position_embeddings": 64, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000, "bias": false }""", InternLm2);
        yield return ("mpt", """{ "architectures": ["MptForCausalLM"], "model_type": "mpt", "d_model": 24, "n_layers": 2, "n_heads": 6, "expansion_ratio": 2, "vocab_size": 31, "max_seq_len": 64, "attn_config": { "alibi": true, "alibi_bias_max": 8, "clip_qkv": 0.5, "attn_type": "multihead_attention" } }""", Mpt);
        yield return ("codegen", """{ "architectures": ["CodeGenForCausalLM"], "model_type": "codegen", "n_embd": 32, "n_layer": 2, "n_head": 8, "n_positions": 64, "rotary_dim": 2, "vocab_size": 31, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "tie_word_embeddings": false }""", CodeGen);
        foreach (bool single in (bool[])[true, false])
        {
            yield return ($"gpt_bigcode, one key head {single}", $$"""{ "architectures": ["GPTBigCodeForCausalLM"], "model_type": "gpt_bigcode", "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 64, "n_inner": 20, "vocab_size": 31, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_pytorch_tanh", "multi_query": {{(single ? "true" : "false")}} }""", (c, ids) => BigCode(c, ids, single));
        }

        yield return ("biogpt", """{ "architectures": ["BioGptForCausalLM"], "model_type": "biogpt", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24, "vocab_size": 31, "max_position_embeddings": 40, "hidden_act": "gelu", "scale_embedding": true }""", (c, ids) => Fairseq(c, ids, "biogpt.", 40, 24, Math.Sqrt(16), sines: false, Gelu));
        yield return ("xglm", """{ "architectures": ["XGLMForCausalLM"], "model_type": "xglm", "d_model": 16, "num_layers": 2, "attention_heads": 4, "ffn_dim": 24, "vocab_size": 31, "max_position_embeddings": 40, "activation_function": "gelu", "scale_embedding": true }""", (c, ids) => Fairseq(c, ids, "model.", 40, 24, Math.Sqrt(16), sines: true, Gelu));
    }

    private static double[][] InternLm2(ReferenceCheckpoint c, int[] ids)
    {
        (int d, int heads, int width) = (16, 4, 4);
        double[] table = c.Take("model.tok_embeddings.weight", 31, d);
        double[][] x = [.. ids.Select(id => Row(table, id, d))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"model.layers.{layer}";

            // Two groups of two queries, a key and a value.
            double[][] fused = [.. x.Select(row => c.Linear(c.RmsNorm(row, name + ".attention_norm", 1e-5), name + ".attention.wqkv", 32))];
            double[][] q = [.. fused.Select((row, p) => PerHead([.. row[..8], .. row[16..24]], width, (head, _) => Rotate(head, p, 10000, width)))];
            double[][] k = [.. fused.Select((row, p) => PerHead([.. row[8..12], .. row[24..28]], width, (head, _) => Rotate(head, p, 10000, width)))];
            double[][] v = [.. fused.Select(row => (double[])[.. row[12..16], .. row[28..]])];
            double[][] mixed = Attend(q, k, v, heads, 0.5, (query, key) => key <= query);
            double[][] h = [.. x.Zip(mixed, (a, b) => Add(a, c.Linear(b, name + ".attention.wo", d)))];
            x = [.. h.Select(row =>
            {
                double[] read = c.RmsNorm(row, name + ".ffn_norm", 1e-5);
                double[] gate = Silu(c.Linear(read, name + ".feed_forward.w1", 24));
                return Add(row, c.Linear([.. gate.Zip(c.Linear(read, name + ".feed_forward.w3", 24), (a, b) => a * b)], name + ".feed_forward.w2", d));
            })];
        }

        return [.. x.Select(row => c.Linear(c.RmsNorm(row, "model.norm", 1e-5), "output", 31))];
    }

    private static double[][] Falcon(ReferenceCheckpoint c, int[] ids, int keyHeads, bool rotary)
    {
        (int d, int heads, int width) = (16, 4, 4);
        bool bias = !rotary;
        bool isNew = keyHeads == 2;
        double[] table = c.Take("transformer.word_embeddings.weight", 31, d);
        double[][] x = [.. ids.Select(id => Row(table, id, d))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"transformer.h.{layer}";
            double[][] attentionIn = [.. x.Select(row => c.LayerNorm(row, name + (isNew ? ".ln_attn" : ".input_layernorm"), 1e-5, true))];
            double[][] fused = [.. attentionIn.Select(row => c.Linear(row, name + ".self_attention.query_key_value", (heads + (2 * keyHeads)) * width, bias))];
            int group = heads / keyHeads;
            double[][] q = [.. fused.Select((row, p) => Pick(row, h => (((h / group) * (group + 2)) + (h % group)) * width, heads, p))];
            double[][] k = [.. fused.Select((row, p) => Pick(row, h => ((h * (group + 2)) + group) * width, keyHeads, p))];
            double[][] v = [.. fused.Select(row => (double[])[.. Enumerable.Range(0, keyHeads).SelectMany(h => row[((((h * (group + 2)) + group + 1)) * width)..((((h * (group + 2)) + group + 2)) * width)])])];
            double[][] mixed = Attend(q, k, v, heads, 0.5, (query, key) => key <= query, rotary ? null : (head, query, key) => 0.5 * Slope(head, heads) * (key - query));
            double[][] attended = [.. mixed.Select(row => c.Linear(row, name + ".self_attention.dense", d, bias))];
            x = [.. x.Select((row, p) =>
            {
                double[] h = Add(row, attended[p]);
                double[] read = isNew ? c.LayerNorm(row, name + ".ln_mlp", 1e-5, true) : rotary ? attentionIn[p] : c.LayerNorm(h, name + ".post_attention_layernorm", 1e-5, true);
                return Add(h, c.Linear(Gelu(c.Linear(read, name + ".mlp.dense_h_to_4h", 4 * d, bias)), name + ".mlp.dense_4h_to_h", d, bias));
            })];
        }

        return [.. x.Select(row => Multiply(table, c.LayerNorm(row, "transformer.ln_f", 1e-5, true)))];

        double[] Pick(double[] row, Func<int, int> start, int count, int position) =>
            [.. Enumerable.Range(0, count).SelectMany(h => rotary ? Rotate(row[start(h)..(start(h) + width)], position, 10000, width) : row[start(h)..(start(h) + width)])];
    }

    private static double[][] Mpt(ReferenceCheckpoint c, int[] ids)
    {
        int d = 24;
        double[] table = c.Take("transformer.wte.weight", 31, d);
        double[][] x = [.. ids.Select(id => Row(table, id, d))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"transformer.blocks.{layer}";
            double[][] fused = [.. x.Select(row => Clip(c.Linear(c.LayerNorm(row, name + ".norm_1", 1e-5, false), name + ".attn.Wqkv", 3 * d), 0.5))];
            double[][] mixed = Attend([.. fused.Select(row => row[..d])], [.. fused.Select(row => row[d..(2 * d)])], [.. fused.Select(row => row[(2 * d)..])], 6, 0.5, (query, key) => key <= query, (head, query, key) => MptSlope(head) * (key - query));
            double[][] h = [.. x.Zip(mixed, (a, b) => Add(a, c.Linear(b, name + ".attn.out_proj", d)))];
            x = [.. h.Select(row => Add(row, c.Linear(Gelu(c.Linear(c.LayerNorm(row, name + ".norm_2", 1e-5, false), name + ".ffn.up_proj", 2 * d)), name + ".ffn.down_proj", d)))];
        }

        return [.. x.Select(row => Multiply(table, c.LayerNorm(row, "transformer.norm_f", 1e-5, false)))];

        // Slopes for eight heads, those of odd place first, of which six are taken.
        static double MptSlope(int head)
        {
            double[] eight = [.. Enumerable.Range(1, 8).Select(i => Math.Pow(2, -i))];
            return ((double[])[.. eight.Where((_, i) => i % 2 == 1), .. eight.Where((_, i) => i % 2 == 0)])[head];
        }
    }

    private static double[][] CodeGen(ReferenceCheckpoint c, int[] ids)
    {
        (int d, int heads, int width, int share) = (32, 8, 4, 8);
        double[] table = c.Take("transformer.wte.weight", 31, d);
        double[][] x = [.. ids.Select(id => Row(table, id, d))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"transformer.h.{layer}";
            double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".ln_1", 1e-5, true))];
            double[][] fused = [.. normed.Select(row => c.Linear(row, name + ".attn.qkv_proj", 3 * d))];

            // Four cores, each with its queries, values and keys.
            double[][] q = [.. fused.Select((row, p) => PerHead(Part(row, 0), width, (head, _) => Rotate(head, p, 10000, 2, neighbours: true)))];
            double[][] v = [.. fused.Select(row => Part(row, 1))];
            double[][] k = [.. fused.Select((row, p) => PerHead(Part(row, 2), width, (head, _) => Rotate(head, p, 10000, 2, neighbours: true)))];
            double[][] mixed = Attend(q, k, v, heads, 0.5, (query, key) => key <= query);
            x = [.. x.Select((row, p) => Add(
                Add(row, c.Linear(mixed[p], name + ".attn.out_proj", d)),
                c.Linear(GeluTanh(c.Linear(normed[p], name + ".mlp.fc_in", 4 * d, true)), name + ".mlp.fc_out", d, true)))];
        }

        return [.. x.Select(row => c.Linear(c.LayerNorm(row, "transformer.ln_f", 1e-5, true), "lm_head", 31, true))];

        double[] Part(double[] row, int part) => [.. Enumerable.Range(0, 4).SelectMany(core => row[(((core * 3) + part) * share)..(((core * 3) + part + 1) * share)])];
    }

    private static double[][] BigCode(ReferenceCheckpoint c, int[] ids, bool single)
    {
        (int d, int heads, int width) = (16, 4, 4);
        double[] table = c.Take("transformer.wte.weight", 31, d);
        double[] places = c.Take("transformer.wpe.weight", 64, d);
        double[][] x = [.. ids.Select((id, p) => Add(Row(table, id, d), Row(places, p, d)))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"transformer.h.{layer}";
            double[][] fused = [.. x.Select(row => c.Linear(c.LayerNorm(row, name + ".ln_1", 1e-5, true), name + ".attn.c_attn", single ? d + (2 * width) : 3 * d, true))];
            double[][] q = [.. fused.Select(row => single ? row[..d] : Of(row, 0))];
            double[][] k = [.. fused.Select(row => single ? row[d..(d + width)] : Of(row, 1))];
            double[][] v = [.. fused.Select(row => single ? row[(d + width)..] : Of(row, 2))];
            double[][] mixed = Attend(q, k, v, heads, 0.5, (query, key) => key <= query);
            double[][] h = [.. x.Zip(mixed, (a, b) => Add(a, c.Linear(b, name + ".attn.c_proj", d, true)))];
            x = [.. h.Select(row => Add(row, c.Linear(GeluTanh(c.Linear(c.LayerNorm(row, name + ".ln_2", 1e-5, true), name + ".mlp.c_fc", 20, true)), name + ".mlp.c_proj", d, true)))];
        }

        return [.. x.Select(row => Multiply(table, c.LayerNorm(row, "transformer.ln_f", 1e-5, true)))];

        double[] Of(double[] row, int part) => [.. Enumerable.Range(0, heads).SelectMany(head => row[(((head * 3) + part) * width)..(((head * 3) + part + 1) * width)])];
    }

    private static double[][] Fairseq(ReferenceCheckpoint c, int[] ids, string root, int context, int hidden, double scale, bool sines, Func<double[], double[]> activation)
    {
        (int d, int heads) = (16, 4);
        double[] table = c.Take(root + "embed_tokens.weight", 31, d);
        double[][] x = [.. ids.Select((id, p) => Add(Times(Row(table, id, d), scale), sines ? Sines(p + 2) : Row(c.Take(root + "embed_positions.weight", context + 2, d), p + 2, d)))];
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"{root}layers.{layer}";
            double[][] normed = [.. x.Select(row => c.LayerNorm(row, name + ".self_attn_layer_norm", 1e-5, true))];
            double[][] Project(string part) => [.. normed.Select(row => c.Linear(row, $"{name}.self_attn.{part}_proj", d, true))];
            double[][] mixed = Attend(Project("q"), Project("k"), Project("v"), heads, 0.5, (query, key) => key <= query);
            double[][] h = [.. x.Zip(mixed, (a, b) => Add(a, c.Linear(b, name + ".self_attn.out_proj", d, true)))];
            x = [.. h.Select(row => Add(row, c.Linear(activation(c.Linear(c.LayerNorm(row, name + ".final_layer_norm", 1e-5, true), name + ".fc1", hidden, true)), name + ".fc2", d, true)))];
        }

        return [.. x.Select(row => Multiply(table, c.LayerNorm(row, root + "layer_norm", 1e-5, true)))];

        // In single precision, as the published code makes them.
        double[] Sines(int position) =>
        [
            .. Enumerable.Range(0, d).Select(i => (double)(float)(i < d / 2
                ? Math.Sin(position * Math.Exp(-i * Math.Log(10000) / ((d / 2) - 1)))
                : Math.Cos(position * Math.Exp(-(i - (d / 2)) * Math.Log(10000) / ((d / 2) - 1))))),
        ];
    }
}
