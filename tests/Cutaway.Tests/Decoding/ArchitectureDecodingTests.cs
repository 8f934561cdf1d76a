using System.Text.Json;
using Cutaway.Decoding;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors.Kernels;
using Cutaway.Testing;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Decoding;

/// <summary>The greedy texts of the golden architectures by every way that must lead to them: windows, shared heads and rotations through caches that are repeated and copied.</summary>
public sealed class ArchitectureDecodingTests
{
    // Its rotations depend on the longest text of a pass, so neither company nor later tokens leave a text as it was.
    private const string RotatesByLength = "llama-dynamic";

    public static TheoryData<string> Names => [.. Folders];

    public static TheoryData<string> Steady => [.. Folders.Where(name => name != RotatesByLength)];

    private static IEnumerable<string> Folders => Directory.GetDirectories(Fixtures.Golden("architectures")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_search_of_one_beam_and_every_batch_gives_the_golden_text(string name)
    {
        LanguageModel model = Open(name, out int[] prompt, out int[] expected);
        GenerationOptions options = new() { MaxTokens = expected.Length, StopAtEnd = false };
        Prompt whole = Prompt.FromIds(prompt);
        Prompt part = Prompt.FromIds(prompt[..2]);
        Assert.Equal(expected, model.Generate(whole, options).Ids);
        IReadOnlyList<Generation> batch = model.Generate([part, whole], options);
        Assert.Equal(expected, batch[1].Ids);
        if (name != RotatesByLength)
        {
            Assert.Equal(model.Generate(part, options).Ids, batch[0].Ids);
        }

        Assert.Equal(expected, model.Generate(whole, options with { Strategy = new BeamSearch { Beams = 1 } }).Ids);
        Assert.Equal(expected, model.Generate(whole, options with { Strategy = new ContrastiveSearch { Alpha = 0, Candidates = 3 } }).Ids);
        Assert.Equal(expected, model.Generate(whole, options with { Temperature = 1, TopK = 1, Seed = 4 }).Ids);
    }

    [Theory]
    [MemberData(nameof(Steady))]
    public void Every_text_of_a_beam_search_has_the_log_probability_of_a_run_of_the_whole(string name)
    {
        LanguageModel model = Open(name, out int[] prompt, out int[] expected);
        Generation best = model.Generate(Prompt.FromIds(prompt), new GenerationOptions { MaxTokens = expected.Length, StopAtEnd = false, Strategy = new BeamSearch { Beams = 5 } });
        Assert.Equal(4, best.Alternatives.Count);
        foreach (Generation text in best.Alternatives.Prepend(best))
        {
            double[] logits = model.Run(Prompt.FromIds([.. prompt, .. text.Ids])).Logits!.ToDoubles();
            int vocabulary = model.Config.Vocabulary;
            double sum = text.Ids.Select((id, i) =>
            {
                ReadOnlySpan<double> row = logits.AsSpan((prompt.Length - 1 + i) * vocabulary, vocabulary);
                return row[id] - Softmax.LogSumExp(row);
            }).Sum();
            Assert.Equal(sum / text.Ids.Count, text.Score, 1e-9);
        }
    }

    private static LanguageModel Open(string name, out int[] prompt, out int[] expected)
    {
        string folder = Fixtures.Golden("architectures", name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
        JsonElement greedy = json.RootElement.GetProperty("cases").GetProperty("greedy");
        prompt = Golden.Ids(greedy.GetProperty("prompt"));
        expected = Golden.Ids(greedy.GetProperty("tokens"));
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(folder);
        return new LanguageModel(name, new TransformerNetwork(config, weights), WordTokenizer.Numbered(config.Vocabulary), Tensors.DType.Float64);
    }
}
