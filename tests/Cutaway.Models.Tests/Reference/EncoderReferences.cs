namespace Cutaway.Models.Reference;

/// <summary>Descendants of BERT, written from their published definitions: the stream is normalised after each part, and a map and a norm stand before the unembedding.</summary>
internal static class EncoderReferences
{
    private sealed record Names(
        string Root, string Block, string[] Attention, string AttentionNorm, string In, string Out, string OutNorm, string Map, string MapNorm, string Bias);

    private static readonly Names Roberta = new(
        "roberta.", "encoder.layer", ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"],
        "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm", "lm_head.dense", "lm_head.layer_norm", "lm_head.bias");

    private static readonly Names MpNet = Roberta with
    {
        Root = "mpnet.",
        Attention = ["attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o"],
        AttentionNorm = "attention.LayerNorm",
    };

    private static readonly Names DistilBert = new(
        "distilbert.", "transformer.layer", ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"],
        "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm", "vocab_transform", "vocab_layer_norm", "vocab_projector.bias");

    /// <summary>The cases.</summary>
    public static IEnumerable<(string Name, string Config, Func<ReferenceCheckpoint, int[], double[][]> Logits)> All()
    {
        yield return ("roberta",
            """{"architectures":["RobertaForMaskedLM"],"model_type":"roberta","vocab_size":40,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":40,"hidden_act":"gelu","layer_norm_eps":1e-5,"max_position_embeddings":20,"type_vocab_size":1,"pad_token_id":1}""",
            (c, ids) => Run(c, ids, Roberta, c.Int("hidden_size"), c.Int("num_attention_heads"), c.Int("num_hidden_layers"), c.Int("intermediate_size"), c.Double("layer_norm_eps"), 2, 1, null));
        yield return ("mpnet",
            """{"architectures":["MPNetForMaskedLM"],"model_type":"mpnet","vocab_size":40,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":40,"hidden_act":"gelu","layer_norm_eps":1e-5,"max_position_embeddings":20,"relative_attention_num_buckets":8}""",
            (c, ids) => Run(c, ids, MpNet, c.Int("hidden_size"), c.Int("num_attention_heads"), c.Int("num_hidden_layers"), c.Int("intermediate_size"), c.Double("layer_norm_eps"), 2, 0, "mpnet.encoder.relative_attention_bias.weight"));
        yield return ("distilbert",
            """{"architectures":["DistilBertForMaskedLM"],"model_type":"distilbert","vocab_size":40,"dim":24,"n_layers":2,"n_heads":3,"hidden_dim":40,"activation":"gelu","max_position_embeddings":20}""",
            (c, ids) => Run(c, ids, DistilBert, c.Int("dim"), c.Int("n_heads"), c.Int("n_layers"), c.Int("hidden_dim"), 1e-12, 0, 0, null));
    }

    private static double[][] Run(
        ReferenceCheckpoint c, int[] ids, Names n, int d, int heads, int layers, int width, double epsilon, int offset, int types, string? buckets)
    {
        double[] words = c.Take($"{n.Root}embeddings.word_embeddings.weight", 40, d);
        double[] positions = c.Take($"{n.Root}embeddings.position_embeddings.weight", 20, d);
        double[] type = types > 0 ? c.Take($"{n.Root}embeddings.token_type_embeddings.weight", types, d)[..d] : new double[d];
        double[]? table = buckets is null ? null : c.Take(buckets, 8, heads);
        double[][] x = [.. ids.Select((id, i) => Norm($"{n.Root}embeddings.LayerNorm", ReferenceMath.Add(ReferenceMath.Add(words[(id * d)..((id + 1) * d)], positions[((i + offset) * d)..((i + offset + 1) * d)]), type)))];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"{n.Root}{n.Block}.{layer}.";
            double[][] z = ReferenceMath.Attend(
                Linear(n.Attention[0]), Linear(n.Attention[1]), Linear(n.Attention[2]), heads, 1 / Math.Sqrt(d / heads), (_, _) => true,
                table is null ? null : (head, query, key) => table[(Bucket(key - query) * heads) + head]);
            x = [.. x.Zip(z, (stream, mixed) => Norm(name + n.AttentionNorm, ReferenceMath.Add(stream, c.Linear(mixed, name + n.Attention[3], d, bias: true))))];
            x = [.. x.Select(stream => Norm(name + n.OutNorm, ReferenceMath.Add(stream, c.Linear(ReferenceMath.Gelu(c.Linear(stream, name + n.In, width, bias: true)), name + n.Out, d, bias: true))))];

            double[][] Linear(string part) => [.. x.Select(stream => c.Linear(stream, name + part, d, bias: true))];
        }

        double[] bias = c.Take(n.Bias, 40);
        return [.. x.Select(stream => ReferenceMath.Multiply(words, Norm(n.MapNorm, ReferenceMath.Gelu(c.Linear(stream, n.Map, d, bias: true))), bias))];

        double[] Norm(string name, double[] values) => c.LayerNorm(values, name, epsilon, bias: true);
    }

    // Four buckets a side: distances 0 and 1 have one each, the others share two of logarithmic width up to 128.
    private static int Bucket(int distance)
    {
        int away = Math.Abs(distance);
        int bucket = away < 2 ? away : Math.Min(3, 2 + (int)(Math.Log(away / 2.0) / Math.Log(128 / 2.0) * 2));
        return bucket + (distance > 0 ? 4 : 0);
    }
}
