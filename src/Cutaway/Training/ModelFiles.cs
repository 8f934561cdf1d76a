using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
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
    public void Write(string folder, NetworkParameters parameters)
    {
        Folders.Create(folder);
        AtomicFile.Write(Path.Combine(folder, "config.json"), stream => stream.Write(Encoding.UTF8.GetBytes(Config)));
        AtomicFile.Write(Path.Combine(folder, "tokenizer.json"), stream => stream.Write(Tokenizer));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors(parameters), new Dictionary<string, string> { ["format"] = "pt" });
    }

    private IEnumerable<OutputTensor> Tensors(NetworkParameters parameters)
    {
        foreach (IGrouping<string?, NetworkParameter> parts in parameters.All.GroupBy(parameter => WeightNames.In(Family, parameter)))
        {
            // What has no place in the checkpoint (a bias that the family lacks) is not trained either, and zero.
            if (parts.Key is not { } name)
            {
                continue;
            }

            float[] values = [.. parts.SelectMany(part => parameters.ValuesOf(part).ToArray())];
            int[] shape = [parts.Sum(part => part.Shape[0]), .. parts.First().Shape.Skip(1)];

            // GPT-2's files hold linear maps as [inputs, outputs], with queries, keys and values side by side.
            bool isTurned = Family == ModelFamily.Gpt2 && shape.Length == 2 && name.Contains(".h.", StringComparison.Ordinal);
            yield return OutputTensor.Create(
                name,
                isTurned ? [shape[1], shape[0]] : [.. shape.Select(extent => (long)extent)],
                isTurned ? Transposed(values, shape[0], shape[1]) : values,
                Precision == SavedPrecision.BFloat16 ? ElementType.BFloat16 : ElementType.Float32);
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
