using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Cutaway.Models.Formats;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Training;

/// <summary>
/// Everything a run needs to go on as if it had never stopped, in one file that is replaced as a whole: values, the
/// optimiser's memory, the curve, the row to read next, and the recipe. Order and draws are functions of the recipe's seeds
/// and the row's number, so there is no other random state.
/// </summary>
internal static class TrainingState
{
    /// <summary>The file's name in the model's folder.</summary>
    public const string FileName = "training-state.safetensors";

    private const string StepKey = "step", RowKey = "row", RecipeKey = "recipe", InputsKey = "inputs";

    /// <summary>Saves a state.</summary>
    /// <exception cref="CutawayException">The disk is full or cannot be written to; the state before stays as it was.</exception>
    public static void Save(string folder, TrainingSession session, int step, TrainingCurve curve)
    {
        IReadOnlyList<TrainedTensor> tensors = session.Tensors;
        if (tensors.Any(tensor => !float.IsFinite(TensorPrimitives.Sum<float>(tensor.Values))))
        {
            throw CutawayException.Input($"training came apart by step {step}: weights are no longer finite. What was saved before is kept; train anew with a lower 'optimiser.rate'");
        }

        IEnumerable<OutputTensor> stored =
        [
            .. tensors.Select(tensor => Stored($"values/{tensor.Name}", tensor.AllValues, tensor.Parameter.Offset, tensor.Length)),
            .. tensors.Zip(session.Optimiser.First, (tensor, memory) => Stored($"first/{tensor.Name}", memory, 0, memory.Length)),
            .. tensors.Zip(session.Optimiser.Second, (tensor, memory) => Stored($"second/{tensor.Name}", memory, 0, memory.Length)),
            .. curve.Lists.Select(list => OutputTensor.Create<double>($"curve/{list.Name}", [list.Values.Count], list.Values.ToArray())),
        ];
        SafetensorsWriter.Write(Path.Combine(folder, FileName), stored, new Dictionary<string, string>
        {
            [StepKey] = step.ToString(CultureInfo.InvariantCulture),
            [RowKey] = ((long)step * session.Recipe.Batch * session.Recipe.Accumulate).ToString(CultureInfo.InvariantCulture),
            [RecipeKey] = RecipeReader.ToJson(session.Recipe),
            [InputsKey] = session.Inputs,
        });
    }

    /// <summary>Takes a saved state up.</summary>
    /// <returns>Steps done.</returns>
    /// <exception cref="CutawayException">There is none, it is damaged, or the recipe is another one: the keys that differ are named.</exception>
    public static int Load(string folder, TrainingSession session, TrainingCurve curve)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw CutawayException.Input($"there is no run to go on with: {path} does not exist. Leave --resume out to begin one");
        }

        // Read into memory: a mapped file could not be replaced by the next state everywhere.
        SafetensorsFile file = SafetensorsFile.FromBytes(File.ReadAllBytes(path), path);
        string[] changed = [.. RecipeReader.Differences(Text(RecipeKey), RecipeReader.ToJson(session.Recipe))];
        if (changed.Length > 0)
        {
            throw CutawayException.Input(
                $"the recipe was edited since {path} was saved: {string.Join("; ", changed.Take(4))}{(changed.Length > 4 ? $"; and {changed.Length - 4} more" : "")}. Undo that, or begin a new run in another folder (--out)");
        }

        if (Text(InputsKey) != session.Inputs)
        {
            throw CutawayException.Input($"the tokenizer or the text that the recipe names was changed since {path} was saved. Undo that, or begin a new run in another folder (--out)");
        }

        IReadOnlyList<TrainedTensor> tensors = session.Tensors;
        Optimiser optimiser = session.Optimiser;
        for (int i = 0; i < tensors.Count; i++)
        {
            Read($"values/{tensors[i].Name}", tensors[i].Values);
            Read($"first/{tensors[i].Name}", optimiser.First[i].Span);
            if (optimiser.Second.Count > 0)
            {
                Read($"second/{tensors[i].Name}", optimiser.Second[i].Span);
            }
        }

        foreach ((string name, List<double> values) in curve.Lists)
        {
            values.AddRange(Find($"curve/{name}").ToDoubles());
        }

        return int.TryParse(Text(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out int step) && step == curve.Loss.Count
            ? step
            : throw Damaged($"its step is '{Text(StepKey)}', and its curve has {curve.Loss.Count}");

        string Text(string key) => file.Metadata.TryGetValue(key, out string? text) ? text : throw Damaged($"it does not say its {key}");

        StoredTensor Find(string name) => file.Tensors.TryGetValue(name, out StoredTensor? tensor) ? tensor : throw Damaged($"'{name}' is missing");

        void Read(string name, Span<float> values)
        {
            StoredTensor tensor = Find(name);
            if (tensor.Type != ElementType.Float32 || tensor.Count != values.Length)
            {
                throw Damaged($"'{name}' holds {tensor.Count} values of {tensor.Type}, and {values.Length} of {ElementType.Float32} were expected");
            }

            tensor.ToArray<float>().CopyTo(values);
        }

        CutawayException Damaged(string what) => CutawayException.Input($"{path} is no state of a training run: {what}. Begin the run again without --resume");
    }

    private static OutputTensor Stored(string name, NativeBuffer<float> buffer, int offset, int length) => OutputTensor.Streamed(
        name, ElementType.Float32, [length], stream => stream.Write(MemoryMarshal.AsBytes(buffer.Span.Slice(offset, length))));
}
