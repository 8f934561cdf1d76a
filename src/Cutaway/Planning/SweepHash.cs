using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cutaway.Interventions;
using Cutaway.Tensors;

namespace Cutaway.Planning;

/// <summary>Tells sweeps apart: a hash of the model, the prompts, the metric and every experiment.</summary>
internal static class SweepHash
{
    /// <summary>The hash of a sweep over a model.</summary>
    /// <exception cref="CutawayException">An experiment is code, which has no hash.</exception>
    public static string Of(Sweep sweep, LanguageModel model)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        JsonSerializerOptions options = new()
        {
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            Converters = { new TensorConverter() },
        };
        Append($"{model.Name} {model.Hash} {model.DType} {string.Join(' ', model.Config.AppliedProcessing)}");
        Append($"{sweep.Prompts.Batch} {string.Join(' ', sweep.Prompts.Ids.ToArray())} {string.Join(' ', sweep.Prompts.Mask.ToArray())}");
        Append(sweep.Metric.Name);
        Append(JsonSerializer.Serialize(sweep.Metric, sweep.Metric.GetType(), options));
        foreach (Variant variant in sweep.Variants)
        {
            Append(variant.Name);
            foreach (Intervention intervention in variant.Interventions)
            {
                if (intervention is LocalFunction)
                {
                    throw CutawayException.Usage($"'{variant.Name}' is code, so a file cannot say whether it is the same experiment; run the sweep without a checkpoint");
                }

                Append(intervention.GetType().Name);
                Append(JsonSerializer.Serialize(intervention, intervention.GetType(), options));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(string text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }
    }

    /// <summary>Writes a tensor as a hash of its values; experiments share tensors, so each is read once.</summary>
    private sealed class TensorConverter : JsonConverter<Tensor>
    {
        private readonly ConditionalWeakTable<Tensor, string> known = [];

        public override Tensor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Tensor value, JsonSerializerOptions options) => writer.WriteStringValue(known.GetValue(
            value, tensor => $"{tensor.DType} {string.Join(' ', tensor.Shape)} {Convert.ToHexStringLower(SHA256.HashData(tensor.AsBytes()))}"));
    }
}
