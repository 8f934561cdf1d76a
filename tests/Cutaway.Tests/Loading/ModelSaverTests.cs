using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Loading;

public sealed class ModelSaverTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    private string Target => Path.Combine(folder, "saved");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("fable")]
    [InlineData("wired")]
    public void A_saved_model_says_the_same(string name)
    {
        LanguageModel model = LanguageModel.Load(name);
        model.Save(Target);
        LanguageModel read = LanguageModel.Load(Target);
        Assert.Equal(model.Hash, read.Hash);
        Assert.Equal(model.Encode("When Mary went to the store"), read.Encode("When Mary went to the store"));
        Assert.Equal(model.Run("When Mary went").LastLogits(), read.Run("When Mary went").LastLogits());
        Assert.Equal(EmbeddedModels.Read(name, "config.json"), File.ReadAllBytes(Path.Combine(Target, "config.json")));
        Assert.Equal("pt", SafetensorsFile.Open(Path.Combine(Target, "model.safetensors")).Metadata["format"]);
    }

    [Fact]
    public void A_pickle_is_saved_as_safetensors_with_the_files_beside_it()
    {
        string source = Path.Combine(folder, "source");
        Directory.CreateDirectory(source);
        foreach (string file in (string[])["pytorch_model.bin", "config.json"])
        {
            File.Copy(Fixtures.Golden("pickle", file), Path.Combine(source, file));
        }

        File.WriteAllText(Path.Combine(source, "generation_config.json"), "{}");
        File.WriteAllText(Path.Combine(source, "notes.txt"), "not a part of the model");
        LanguageModel model = LanguageModel.Load(source);
        model.WithDType(DType.Float64).Save(Target);
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors"], Directory.GetFiles(Target).Select(Path.GetFileName).Order());
        Assert.Equal(model.Hash, LanguageModel.Load(Target).Hash);
    }

    [Fact]
    public void Weights_above_a_size_are_split_and_indexed()
    {
        LanguageModel model = LanguageModel.Load("wired");
        ModelSaver.Save(model, Target, shardBytes: 50_000);
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Target, "model.safetensors.index.json")));
        string[] shards = [.. Directory.GetFiles(Target, "model-*-of-*.safetensors").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        Assert.True(shards.Length > 1);
        Assert.Equal($"model-00001-of-{shards.Length:D5}.safetensors", shards[0]);
        Assert.Equal(shards, index.RootElement.GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(model.Hash, LanguageModel.Load(Target).Hash);
    }

    [Fact]
    public void Nothing_is_left_behind_where_writing_fails()
    {
        LanguageModel model = LanguageModel.Load("wired");
        CutawayException full = Assert.Throws<CutawayException>(() => ModelSaver.Save(model, Target, freeBytes: _ => 1000));
        Assert.Equal(FaultKind.Input, full.Kind);
        Assert.Contains("1 KB are free there; make room", full.Message, StringComparison.Ordinal);
        LanguageModel broken = model.WithNetwork(model.Network);
        Assert.Throws<InvalidOperationException>(() => ModelSaver.Save(broken, Target, freeBytes: place =>
        {
            File.WriteAllText(Path.Combine(place, "half"), "written");
            throw new InvalidOperationException();
        }));
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void What_is_there_already_is_left_alone()
    {
        LanguageModel model = LanguageModel.Load("wired");
        Directory.CreateDirectory(Target);
        model.Save(Target);
        string config = File.ReadAllText(Path.Combine(Target, "config.json"));
        Assert.Contains("something is there already", Assert.Throws<CutawayException>(() => LanguageModel.Load("fable").Save(Target)).Message, StringComparison.Ordinal);
        Assert.Equal(config, File.ReadAllText(Path.Combine(Target, "config.json")));
        Assert.Contains("something is there already", Assert.Throws<CutawayException>(() => model.Save(Path.Combine(Target, "config.json"))).Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.Usage, Assert.Throws<CutawayException>(() => model.Save(" ")).Kind);
    }

    [Fact]
    public void Models_that_came_from_no_such_files_or_were_processed_say_why_they_are_not_written()
    {
        LanguageModel model = LanguageModel.Load("fable");
        LanguageModel made = new("made", model.Network, model.Tokenizer);
        Assert.Contains("'made' was not read from files", Assert.Throws<CutawayException>(() => made.Save(Target)).Message, StringComparison.Ordinal);
        (NetworkConfig config, NetworkWeights weights) = WeightProcessing.Apply(model.Config, model.Network.Weights, ProcessingSteps.FoldNorms);
        LanguageModel folded = model.WithNetwork(new TransformerNetwork(config, weights));
        Assert.Contains("fold_ln", Assert.Throws<CutawayException>(() => folded.Save(Target)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }
}
