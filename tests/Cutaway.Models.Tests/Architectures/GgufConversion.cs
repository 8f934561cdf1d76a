using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Fuzzing;
using Cutaway.Testing;

namespace Cutaway.Models.Architectures;

/// <summary>Writes a golden checkpoint as llama.cpp's converter would: its names, its order of rows, its norms of Gemma.</summary>
internal sealed class GgufConversion
{
    private const int Alignment = 32;
    private const uint Float32 = 0;

    private static readonly (string From, string To)[] Names =
    [
        ("model.embed_tokens", "token_embd"), ("gpt_neox.embed_in", "token_embd"), ("transformer.wte", "token_embd"), ("transformer.wpe", "position_embd"),
        ("lm_head", "output"), ("embed_out", "output"), ("model.norm", "output_norm"), ("gpt_neox.final_layer_norm", "output_norm"), ("transformer.ln_f", "output_norm"),
        ("model.layers.", "blk."), ("gpt_neox.layers.", "blk."), ("transformer.h.", "blk."),
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
        ("attention.query_key_value", "attn_qkv"), ("attention.dense", "attn_output"), ("attn.c_attn", "attn_qkv"), ("attn.c_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"),
        ("mlp.dense_h_to_4h", "ffn_up"), ("mlp.dense_4h_to_h", "ffn_down"),
        ("input_layernorm", "attn_norm"), ("ln_1", "attn_norm"), ("ln_2", "ffn_norm"),
        ("self_attn.qkv_proj", "attn_qkv"), ("mlp.gate_up_proj", "ffn_up"), ("block_sparse_moe.gate", "ffn_gate_inp"), ("mlp.gate.", "ffn_gate_inp."),
        ("block_sparse_moe.experts", "experts"), ("mlp.experts", "experts"), (".w1.", ".ffn_gate."), (".w2.", ".ffn_down."), (".w3.", ".ffn_up."),
        (".gate_proj.", ".ffn_gate."), (".up_proj.", ".ffn_up."), (".down_proj.", ".ffn_down."),
        ("pre_feedforward_layernorm", "ffn_norm"), ("post_feedforward_layernorm", "post_ffw_norm"),
    ];

    private readonly string folder;
    private readonly string architecture;
    private readonly JsonElement config;

    /// <summary>Prepares a family's golden checkpoint.</summary>
    /// <param name="family">Its folder.</param>
    /// <param name="architecture">What <c>general.architecture</c> shall say.</param>
    public GgufConversion(string family, string architecture)
    {
        folder = Directory.Exists(Fixtures.Golden("architectures", family)) ? Fixtures.Golden("architectures", family) : Fixtures.Shared("goldens", "architectures", family);
        this.architecture = architecture;
        config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json"))).RootElement;
    }

    private bool Gemma => architecture.StartsWith("gemma", StringComparison.Ordinal);

    /// <summary>The file's bytes.</summary>
    /// <param name="more">Metadata and tensors that only this family has.</param>
    public byte[] ToBytes(Action<GgufBuilder, GgufConversion>? more = null)
    {
        List<(string Name, ulong[] Extents, float[] Values)> tensors = [.. Together([.. Checkpoint.Open(folder).Tensors.Select(entry => Convert(entry.Key, entry.Value))])];
        if (Optional("rope_parameters") is { } rope && rope.TryGetProperty("rope_type", out JsonElement kind) && kind.GetString() == "llama3")
        {
            tensors.Add(("rope_freqs.weight", [(ulong)(Head / 2)], RotationDivisors()));
        }

        ulong total = 0;
        List<ulong> offsets = [];
        foreach ((_, _, float[] values) in tensors)
        {
            offsets.Add(total);
            total = (total + ((ulong)values.Length * sizeof(float)) + Alignment - 1) / Alignment * Alignment;
        }

        GgufBuilder builder = new() { DataBytes = (int)total };
        builder.Value("general.architecture", GgufType.String, writer => GgufBuilder.Text(writer, architecture));
        Count(builder, "embedding_length", "hidden_size", "n_embd");
        Count(builder, "block_count", "num_hidden_layers", "n_layer");
        Count(builder, "context_length", "max_position_embeddings", "n_positions");
        Count(builder, "attention.head_count", "num_attention_heads", "n_head");
        Count(builder, "attention.head_count_kv", "num_key_value_heads");
        Count(builder, "attention.key_length", "head_dim");
        Number(builder, "attention.layer_norm_rms_epsilon", "rms_norm_eps");
        Number(builder, "attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon");
        Count(builder, "expert_count", "num_local_experts");
        Count(builder, "expert_used_count", "num_experts_per_tok");
        Count(builder, "expert_feed_forward_length", "moe_intermediate_size");
        Number(builder, "attn_logit_softcapping", "attn_logit_softcapping");
        Number(builder, "final_logit_softcapping", "final_logit_softcapping");
        int inner = (Optional("intermediate_size") ?? Optional("n_inner"))?.GetInt32() ?? 4 * config.GetProperty("n_embd").GetInt32();
        builder.Value($"{architecture}.feed_forward_length", GgufType.UInt32, writer => writer.Write((uint)inner));
        more?.Invoke(builder, this);
        for (int i = 0; i < tensors.Count; i++)
        {
            builder.Tensor(tensors[i].Name, Float32, offsets[i], tensors[i].Extents);
        }

        byte[] bytes = builder.ToBytes(Alignment);
        for (int i = 0; i < tensors.Count; i++)
        {
            MemoryMarshal.AsBytes<float>(tensors[i].Values).CopyTo(bytes.AsSpan(bytes.Length - (int)total + (int)offsets[i]));
        }

        return bytes;
    }

    /// <summary>Writes a number under this architecture's name.</summary>
    public void Float(GgufBuilder builder, string key, double value) =>
        builder.Value($"{architecture}.{key}", GgufType.Float32, writer => writer.Write((float)value));

    /// <summary>Writes a whole number under this architecture's name.</summary>
    public void Whole(GgufBuilder builder, string key, int value) =>
        builder.Value($"{architecture}.{key}", GgufType.UInt32, writer => writer.Write((uint)value));

    private int Heads => (Optional("num_attention_heads") ?? config.GetProperty("n_head")).GetInt32();

    private int Head => Optional("head_dim")?.GetInt32() ?? ((Optional("hidden_size") ?? config.GetProperty("n_embd")).GetInt32() / Heads);

    private JsonElement? Optional(string key) =>
        config.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private void Count(GgufBuilder builder, string key, params string[] keys)
    {
        if (keys.Select(Optional).FirstOrDefault(value => value is not null) is { } value)
        {
            Whole(builder, key, value.GetInt32());
        }
    }

    private void Number(GgufBuilder builder, string key, params string[] keys)
    {
        if (keys.Select(Optional).FirstOrDefault(value => value is not null) is { } value)
        {
            Float(builder, key, value.GetDouble());
        }
    }

    private (string Name, ulong[] Extents, float[] Values) Convert(string name, StoredTensor tensor)
    {
        string converted = Names.Aggregate(name, (text, pair) => text.Replace(pair.From, pair.To, StringComparison.Ordinal));
        converted = converted.Replace("post_attention_layernorm", architecture is "gemma2" or "gemma3" ? "post_attention_norm" : "ffn_norm", StringComparison.Ordinal);
        float[] values = tensor.ToArray<float>();
        long[] shape = [.. tensor.Shape];
        if (Gemma && name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            values = Array.ConvertAll(values, value => value + 1);
        }
        else if (architecture == "gpt2" && name.Contains(".h.", StringComparison.Ordinal) && shape.Length == 2)
        {
            values = [.. Enumerable.Range(0, values.Length).Select(i => tensor.ToArray<float>()[(i % shape[0] * shape[1]) + (i / shape[0])])];
            Array.Reverse(shape);
        }
        else if (architecture == "gptneox" && converted.Contains("attn_qkv", StringComparison.Ordinal))
        {
            // (head, part, element) becomes (part, head, element).
            values = Rows(values, shape, row => ((row / Head % Heads * 3) + (row / Head / Heads)) * Head + (row % Head));
        }
        else if (architecture == "llama" && (converted.Contains("attn_q.", StringComparison.Ordinal) || converted.Contains("attn_k.", StringComparison.Ordinal)))
        {
            // Halves (i, i + D/2) become neighbours (2i, 2i + 1).
            values = Rows(values, shape, row => (row / Head * Head) + (row % Head % 2 * (Head / 2)) + (row % Head / 2));
        }

        return (converted, [.. shape.Reverse().Select(extent => (ulong)extent)], values);
    }

    // Experts follow each other in one tensor of three axes.
    private static IEnumerable<(string Name, ulong[] Extents, float[] Values)> Together(IReadOnlyList<(string Name, ulong[] Extents, float[] Values)> tensors) => tensors
        .Select((tensor, i) => (tensor, Match: Regex.Match(tensor.Name, @"^(blk\.\d+\.)experts\.(\d+)\.(ffn_\w+)\.weight$")))
        .GroupBy(entry => entry.Match.Success ? $"{entry.Match.Groups[1].Value}{entry.Match.Groups[3].Value}_exps.weight" : entry.tensor.Name)
        .Select(group => group.First().Match.Success
            ? (group.Key, [.. group.First().tensor.Extents, (ulong)group.Count()], [.. group.OrderBy(entry => int.Parse(entry.Match.Groups[2].Value, CultureInfo.InvariantCulture)).SelectMany(entry => entry.tensor.Values)])
            : group.First().tensor);

    private static float[] Rows(float[] values, long[] shape, Func<int, int> source)
    {
        int width = shape.Length == 1 ? 1 : (int)shape[1];
        return [.. Enumerable.Range(0, (int)shape[0]).SelectMany(row => values[(source(row) * width)..((source(row) + 1) * width)])];
    }

    /// <summary>What each frequency is divided by under Llama 3's scaling, written out from its definition.</summary>
    private float[] RotationDivisors()
    {
        JsonElement rope = config.GetProperty("rope_parameters");
        double Get(string key) => rope.GetProperty(key).GetDouble();
        double factor = Get("factor");
        double original = Get("original_max_position_embeddings");
        return
        [
            .. Enumerable.Range(0, Head / 2).Select(i =>
            {
                double wavelength = 2 * Math.PI * Math.Pow(Get("rope_theta"), 2.0 * i / Head);
                double smooth = Math.Clamp(((original / wavelength) - Get("low_freq_factor")) / (Get("high_freq_factor") - Get("low_freq_factor")), 0, 1);
                return (float)(1 / (((1 - smooth) / factor) + smooth));
            }),
        ];
    }
}
