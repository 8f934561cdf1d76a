using System.Runtime.InteropServices;
using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Training;

/// <summary>Writes a model to a folder in Hugging Face's layout, as <see cref="LanguageModel.Load"/> reads it.</summary>
/// <param name="Config">The text of config.json.</param>
/// <param name="Tokenizer">The content of tokenizer.json.</param>
/// <param name="Family">How the family's files store weights.</param>
/// <param name="Precision">How to store them.</param>
internal sealed record ModelFiles(string Config, byte[] Tokenizer, ModelFamily Family, SavedPrecision Precision)
{
    /// <summary>Writes the model; the weights come last, so that a folder with weights is whole.</summary>
    /// <exception cref="CutawayException">The folder cannot be written to, or the disk is full.</exception>
    public void Write(string folder, IReadOnlyList<TrainedTensor> tensors)
    {
        Folders.Create(folder);
        AtomicFile.Write(Path.Combine(folder, "config.json"), stream => stream.Write(Encoding.UTF8.GetBytes(Config)));
        AtomicFile.Write(Path.Combine(folder, "tokenizer.json"), stream => stream.Write(Tokenizer));
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            Family == ModelFamily.Llama ? tensors.Select(tensor => Stored(tensor.Name, tensor.Shape, tensor.Values.Span.ToArray())) : Gpt2(tensors),
            new Dictionary<string, string> { ["format"] = "pt" });
    }

    private OutputTensor Stored(string name, IReadOnlyList<int> shape, float[] values) => OutputTensor.Create(
        name, [.. shape.Select(extent => (long)extent)], values, Precision == SavedPrecision.BFloat16 ? ElementType.BFloat16 : ElementType.Float32);

    // GPT-2's files hold linear maps as [inputs, outputs], with queries, keys and values side by side.
    private IEnumerable<OutputTensor> Gpt2(IReadOnlyList<TrainedTensor> tensors)
    {
        foreach (IGrouping<string, TrainedTensor> parts in tensors.GroupBy(tensor => tensor.Name
            .Replace(".c_attn.0.", ".c_attn.", StringComparison.Ordinal)
            .Replace(".c_attn.1.", ".c_attn.", StringComparison.Ordinal)
            .Replace(".c_attn.2.", ".c_attn.", StringComparison.Ordinal)))
        {
            float[] values = [.. parts.SelectMany(part => part.Values.Span.ToArray())];
            int[] shape = [parts.Sum(part => part.Shape[0]), .. parts.First().Shape.Skip(1)];
            bool isMap = shape.Length == 2 && parts.Key.Contains(".h.", StringComparison.Ordinal);
            yield return isMap ? Stored(parts.Key, [shape[1], shape[0]], Transposed(values, shape[0], shape[1])) : Stored(parts.Key, shape, values);
        }
    }

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        float[] result = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                result[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return result;
    }
}
