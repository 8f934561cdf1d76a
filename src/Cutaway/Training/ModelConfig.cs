using System.Text;
using System.Text.Json;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Organisms;

namespace Cutaway.Training;

/// <summary>The config.json of a model to be trained, in the words of its family.</summary>
internal static class ModelConfig
{
    /// <summary>The network that a shape describes.</summary>
    public static NetworkConfig Network(ModelShape shape, int vocabulary) =>
        ArchitectureCatalogue.Configure(Encoding.UTF8.GetBytes(Write(shape, vocabulary)), "the recipe");

    /// <summary>Writes it.</summary>
    public static string Write(ModelShape shape, int vocabulary, int? beginOfText = null, int? endOfText = null, SavedPrecision precision = SavedPrecision.BFloat16) => JsonText.Write(json =>
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue(shape.Family == ModelFamily.Llama ? "LlamaForCausalLM" : "GPT2LMHeadModel");
        json.WriteEndArray();
        json.WriteString("model_type", shape.Family == ModelFamily.Llama ? "llama" : "gpt2");
        json.WriteString("torch_dtype", precision == SavedPrecision.BFloat16 ? "bfloat16" : "float32");
        Optional(json, "bos_token_id", beginOfText);
        Optional(json, "eos_token_id", endOfText);
        json.WriteNumber("vocab_size", vocabulary);
        json.WriteBoolean("tie_word_embeddings", shape.Tied);
        if (shape.Family == ModelFamily.Llama)
        {
            WriteLlama(json, shape);
        }
        else
        {
            WriteGpt2(json, shape);
        }
    });

    private static void WriteLlama(Utf8JsonWriter json, ModelShape shape)
    {
        json.WriteNumber("num_hidden_layers", shape.Layers);
        json.WriteNumber("hidden_size", shape.DModel);
        json.WriteNumber("num_attention_heads", shape.Heads);
        json.WriteNumber("num_key_value_heads", shape.KeyValueHeads ?? shape.Heads);
        json.WriteNumber("intermediate_size", shape.DMlp);
        json.WriteNumber("max_position_embeddings", shape.Context);
        json.WriteString("hidden_act", shape.Activation ?? "silu");
        json.WriteNumber("rms_norm_eps", shape.NormEpsilon);
        json.WriteNumber("rope_theta", shape.RotaryBase);
        json.WriteBoolean("attention_bias", false);
        json.WriteBoolean("mlp_bias", false);
    }

    private static void WriteGpt2(Utf8JsonWriter json, ModelShape shape)
    {
        json.WriteNumber("n_layer", shape.Layers);
        json.WriteNumber("n_embd", shape.DModel);
        json.WriteNumber("n_head", shape.Heads);
        json.WriteNumber("n_inner", shape.DMlp);
        json.WriteNumber("n_positions", shape.Context);
        json.WriteString("activation_function", shape.Activation ?? "gelu_new");
        json.WriteNumber("layer_norm_epsilon", shape.NormEpsilon);
    }

    private static void Optional(Utf8JsonWriter json, string key, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(key, number);
        }
    }
}
