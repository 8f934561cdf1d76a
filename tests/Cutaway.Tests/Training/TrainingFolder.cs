using System.Text;
using Cutaway.Tensors;
using Cutaway.Testing;
using Cutaway.Training;

namespace Cutaway.Tests.Training;

/// <summary>A folder with a small recipe, its tokenizer and its text, deleted with all that training puts there.</summary>
internal sealed class TrainingFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cutaway training ");

    public TrainingFolder()
    {
        File.Copy(Fixtures.Golden("..", "..", "models", "wired", "tokenizer.json"), this["tokenizer.json"]);
        File.WriteAllText(this["text.txt"], Text(400));
    }

    /// <summary>The path of a file in it.</summary>
    public string this[params string[] parts] => Path.Combine([folder.FullName, .. parts]);

    /// <summary>Writes a recipe of a network with two layers, changed by keys.</summary>
    public Recipe Recipe(string more = "", string model = "", string optimiser = "\"rate\": 0.01")
    {
        File.WriteAllText(this["recipe.json"], $$"""
            {
              "name": "small",
              "model": { "layers": 2, "d_model": 16, "heads": 2, "d_mlp": 32, "context": 32{{model}} },
              "tokenizer": { "file": "tokenizer.json", "begin_of_text": "<bos>" },
              "corpus": { "file": "text.txt", "seed": 3 },
              "batch": 4, "length": 16, "steps": 12,
              "optimiser": { {{optimiser}} },
              "held_out": { "sequences": 6, "every": 5 }{{more}}
            }
            """);
        return Cutaway.Training.Recipe.Read(this["recipe.json"]);
    }

    /// <summary>Writes a recipe that adapts another model.</summary>
    public Recipe Adapting(string more)
    {
        File.WriteAllText(this["adapt.json"], $$"""
            {
              "name": "adapted",
              "tokenizer": { "file": "tokenizer.json", "begin_of_text": "<bos>" },
              "corpus": { "file": "text.txt", "seed": 3 },
              "batch": 4, "length": 16, "steps": 12,
              "optimiser": { "rate": 0.02 },
              "held_out": { "sequences": 6, "every": 5 }{{more}}
            }
            """);
        return Cutaway.Training.Recipe.Read(this["adapt.json"]);
    }

    public void Dispose() => folder.Delete(recursive: true);

    // Sentences with something to learn: who comes first is given something in the end.
    private static string Text(int sentences)
    {
        string[] names = ["Mary", "John", "Anna", "Tom"];
        SeededRandom random = new(7);
        StringBuilder text = new();
        for (int i = 0; i < sentences; i++)
        {
            string first = names[random.Next(names.Length)];
            string second = names[random.Next(names.Length)];
            text.Append($"When {first} and {second} went to the store, {second} gave a drink to {first}.\n\n");
        }

        return text.ToString();
    }
}
