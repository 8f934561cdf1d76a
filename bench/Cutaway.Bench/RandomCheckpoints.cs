using System.Runtime.InteropServices;
using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Pickle;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>Large checkpoints of random weights, written piece by piece.</summary>
internal static class RandomCheckpoints
{
    private const int PieceBytes = 1 << 20;

    private static readonly Random Source = new(1);
    private static readonly byte[] Floats = Piece(() => BitConverter.GetBytes((Source.NextSingle() - 0.5f) / 16));
    private static readonly byte[] BrainFloats = Piece(() => BitConverter.GetBytes((Source.NextSingle() - 0.5f) / 16)[2..]);

    // Blocks of 32: a scale in half precision, and 16 bytes of nibbles.
    private static readonly byte[] Nibbles = Piece(() => [.. BitConverter.GetBytes((Half)0.01), .. BitConverter.GetBytes(Source.NextInt64()), .. BitConverter.GetBytes(Source.NextInt64())]);

    /// <summary>The formats, and what writes one of each into a folder.</summary>
    public static IReadOnlyList<(string Name, Action<string> Write)> All { get; } =
    [
        ("safetensors, Llama, bf16, shards", folder => Llama(folder, 9)),
        ("GGUF, Llama, Q4_0", folder => Gguf(Path.Combine(folder, "model.gguf"), 16)),
        ("safetensors, GPT-NeoX, fp32", folder => NeoX(folder, 12)),
        ("safetensors, TransformerLens, fp32", folder => Hooked(folder, 12)),
        ("PyTorch, GPT-2, fp32", folder => Pickle(folder, 12)),
    ];

    private static void Llama(string folder, int layers)
    {
        const int d = 4096, mlp = 11008, vocabulary = 32000;
        Config(folder, $$"""
            {"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":{{layers}},"hidden_size":{{d}},"num_attention_heads":32,"intermediate_size":{{mlp}},
            "max_position_embeddings":4096,"vocab_size":{{vocabulary}},"hidden_act":"silu","rms_norm_eps":1e-5,"tie_word_embeddings":false}
            """);
        List<OutputTensor> tensors = [Half("model.embed_tokens.weight", vocabulary, d), Half("lm_head.weight", vocabulary, d), Half("model.norm.weight", d)];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"model.layers.{layer}";
            tensors.AddRange(((string[])["q", "k", "v", "o"]).Select(part => Half($"{name}.self_attn.{part}_proj.weight", d, d)));
            tensors.AddRange(((string[])["gate", "up"]).Select(part => Half($"{name}.mlp.{part}_proj.weight", mlp, d)));
            tensors.AddRange([Half($"{name}.mlp.down_proj.weight", d, mlp), Half($"{name}.input_layernorm.weight", d), Half($"{name}.post_attention_layernorm.weight", d)]);
        }

        CheckpointWriter.Write(folder, tensors, shardBytes: 2_000_000_000);
    }

    private static void NeoX(string folder, int layers)
    {
        const int d = 2048, vocabulary = 50304;
        Config(folder, $$"""
            {"architectures":["GPTNeoXForCausalLM"],"model_type":"gpt_neox","num_hidden_layers":{{layers}},"hidden_size":{{d}},"num_attention_heads":16,"intermediate_size":{{4 * d}},
            "max_position_embeddings":2048,"vocab_size":{{vocabulary}},"hidden_act":"gelu","layer_norm_eps":1e-5,"rotary_pct":0.25}
            """);
        List<OutputTensor> tensors = [Full("gpt_neox.embed_in.weight", vocabulary, d), Full("embed_out.weight", vocabulary, d), .. Both("gpt_neox.final_layer_norm", d)];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"gpt_neox.layers.{layer}";
            tensors.AddRange(
            [
                .. Both($"{name}.attention.query_key_value", 3 * d, d), .. Both($"{name}.attention.dense", d, d), .. Both($"{name}.mlp.dense_h_to_4h", 4 * d, d),
                .. Both($"{name}.mlp.dense_4h_to_h", d, 4 * d), .. Both($"{name}.input_layernorm", d), .. Both($"{name}.post_attention_layernorm", d),
            ]);
        }

        CheckpointWriter.Write(folder, tensors);
    }

    private static void Hooked(string folder, int layers)
    {
        const int d = 2048, heads = 16, width = 128, vocabulary = 50304;
        Config(folder, $$"""
            {"n_layers":{{layers}},"d_model":{{d}},"n_heads":{{heads}},"d_head":{{width}},"d_mlp":{{4 * d}},"d_vocab":{{vocabulary}},"n_ctx":1024,"act_fn":"gelu","eps":1e-5,
            "normalization_type":"LNPre","positional_embedding_type":"standard"}
            """);
        List<OutputTensor> tensors = [Full("embed.W_E", vocabulary, d), Full("pos_embed.W_pos", 1024, d), Full("unembed.W_U", d, vocabulary), Full("unembed.b_U", vocabulary)];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"blocks.{layer}";
            tensors.AddRange(((string[])["Q", "K", "V"]).SelectMany(part => (OutputTensor[])[Full($"{name}.attn.W_{part}", heads, d, width), Full($"{name}.attn.b_{part}", heads, width)]));
            tensors.AddRange([Full($"{name}.attn.W_O", heads, width, d), Full($"{name}.attn.b_O", d), Full($"{name}.mlp.W_in", d, 4 * d), Full($"{name}.mlp.b_in", 4 * d), Full($"{name}.mlp.W_out", 4 * d, d), Full($"{name}.mlp.b_out", d)]);
        }

        CheckpointWriter.Write(folder, tensors);
    }

    private static void Pickle(string folder, int layers)
    {
        const int d = 1024, vocabulary = 50257;
        Config(folder, $$"""
            {"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","n_layer":{{layers}},"n_embd":{{d}},"n_head":16,"n_positions":1024,"vocab_size":{{vocabulary}},
            "activation_function":"gelu_new","layer_norm_epsilon":1e-5}
            """);
        List<OutputTensor> tensors = [Full("transformer.wte.weight", vocabulary, d), Full("transformer.wpe.weight", 1024, d), .. Both("transformer.ln_f", d)];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"transformer.h.{layer}";
            tensors.AddRange(
            [
                .. Both($"{name}.ln_1", d), .. Both($"{name}.ln_2", d), Full($"{name}.attn.c_attn.weight", d, 3 * d), Full($"{name}.attn.c_attn.bias", 3 * d), .. Both($"{name}.attn.c_proj", d, d),
                Full($"{name}.mlp.c_fc.weight", d, 4 * d), Full($"{name}.mlp.c_fc.bias", 4 * d), Full($"{name}.mlp.c_proj.weight", 4 * d, d), Full($"{name}.mlp.c_proj.bias", d),
            ]);
        }

        PickleBuilder pickle = new PickleBuilder().Ops("}");
        List<(string, byte[])> storages = [];
        foreach (OutputTensor tensor in tensors)
        {
            long[] shape = [.. tensor.Shape];
            pickle.Text(tensor.Name).Tensor("FloatStorage", $"{storages.Count}", tensor.ByteLength / 4, 0, shape, shape.Length == 1 ? [1] : [shape[1], 1]).Ops("s");
            using MemoryStream stream = new((int)tensor.ByteLength);
            Fill(stream, tensor.ByteLength, Floats);
            storages.Add(($"m/data/{storages.Count}", stream.ToArray()));
        }

        File.WriteAllBytes(Path.Combine(folder, "pytorch_model.bin"), PickleBuilder.Zip(pickle.ToArray(), [.. storages]));
    }

    private static void Gguf(string path, int layers)
    {
        const int d = 4096, mlp = 11008, vocabulary = 32000, quantised = 2, single = 0;
        List<(string Name, uint Type, ulong[] Extents)> tensors = [("token_embd.weight", quantised, [d, vocabulary]), ("output.weight", quantised, [d, vocabulary]), ("output_norm.weight", single, [d])];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"blk.{layer}";
            tensors.AddRange(((string[])["attn_q", "attn_k", "attn_v", "attn_output"]).Select(part => ($"{name}.{part}.weight", (uint)quantised, (ulong[])[d, d])));
            tensors.AddRange([($"{name}.ffn_gate.weight", quantised, [d, mlp]), ($"{name}.ffn_up.weight", quantised, [d, mlp]), ($"{name}.ffn_down.weight", quantised, [mlp, d])]);
            tensors.AddRange([($"{name}.attn_norm.weight", single, [d]), ($"{name}.ffn_norm.weight", single, [d])]);
        }

        using FileStream stream = File.Create(path);
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write(9ul);
        Text("general.architecture");
        writer.Write(8u);
        Text("llama");
        foreach ((string key, uint value) in ((string, uint)[])[("block_count", (uint)layers), ("embedding_length", d), ("feed_forward_length", mlp), ("context_length", 4096), ("attention.head_count", 32), ("rope.dimension_count", 128), ("vocab_size", vocabulary)])
        {
            Text("llama." + key);
            writer.Write(4u);
            writer.Write(value);
        }

        Text("llama.attention.layer_norm_rms_epsilon");
        writer.Write(6u);
        writer.Write(1e-5f);
        ulong offset = 0;
        foreach ((string name, uint type, ulong[] extents) in tensors)
        {
            Text(name);
            writer.Write((uint)extents.Length);
            writer.Write(MemoryMarshal.AsBytes<ulong>(extents));
            writer.Write(type);
            writer.Write(offset);
            offset += (Bytes(type, extents) + 31) / 32 * 32;
        }

        writer.Flush();
        foreach ((_, uint type, ulong[] extents) in tensors)
        {
            stream.Write(new byte[(32 - (stream.Position % 32)) % 32]);
            Fill(stream, (long)Bytes(type, extents), type == quantised ? Nibbles : Floats);
        }

        void Text(string text)
        {
            writer.Write((ulong)text.Length);
            writer.Write(Encoding.ASCII.GetBytes(text));
        }

        static ulong Bytes(uint type, ulong[] extents)
        {
            ulong count = extents.Aggregate(1ul, (product, extent) => product * extent);
            return type == quantised ? count / 32 * 18 : count * sizeof(float);
        }
    }

    private static void Config(string folder, string json) => File.WriteAllText(Path.Combine(folder, "config.json"), json);

    private static IEnumerable<OutputTensor> Both(string stem, params long[] shape) => [Full($"{stem}.weight", shape), Full($"{stem}.bias", shape[0])];

    private static OutputTensor Full(string name, params long[] shape) => Filled(name, ElementType.Float32, Floats, shape);

    private static OutputTensor Half(string name, params long[] shape) => Filled(name, ElementType.BFloat16, BrainFloats, shape);

    private static OutputTensor Filled(string name, ElementType type, byte[] piece, long[] shape) =>
        OutputTensor.Streamed(name, type, shape, stream => Fill(stream, type.BytesFor(shape.Aggregate(1L, (product, extent) => product * extent)), piece));

    private static void Fill(Stream stream, long bytes, byte[] piece)
    {
        for (long written = 0; written < bytes; written += piece.Length)
        {
            stream.Write(piece.AsSpan(0, (int)Math.Min(piece.Length, bytes - written)));
        }
    }

    private static byte[] Piece(Func<byte[]> next)
    {
        List<byte> bytes = new(PieceBytes);
        while (bytes.Count < PieceBytes)
        {
            bytes.AddRange(next());
        }

        return [.. bytes];
    }
}
