using System.Text.Json;
using Cutaway.Interventions;
using Cutaway.Models.Formats;
using Cutaway.Sentences;
using Cutaway.Sites;
using Cutaway.Techniques.Reading;
using Cutaway.Testing;

namespace Cutaway.Tests.Sentences;

/// <summary>Embeddings of the real all-MiniLM-L6-v2 against what PyTorch made of the same weights, and what an encoder refuses.</summary>
public sealed class SentenceEncoderTests
{
    private const double Tolerance = 1e-5;

    [SkippableFact]
    public void Tokens_vectors_and_similarities_of_MiniLM_equal_the_reference()
    {
        LanguageModel model = MiniLm();
        string[] texts = Golden().GetProperty("sentences").Deserialize<string[]>()!;
        int[][] ids = Golden().GetProperty("input_ids").Deserialize<int[][]>()!;
        SentenceEmbeddings found = model.Embed(texts);
        Assert.Equal(ids.Select(row => row.Length), found.Tokens);
        Assert.All(texts.Zip(ids), pair => Assert.Equal(pair.Second, SentenceEncoder.Encode(model, model.SentenceSettings, pair.First)));
        AssertClose("embeddings", found.Vectors.ToDoubles());
        AssertClose("similarity", [.. found.Similarities().SelectMany(row => row)]);
    }

    [SkippableFact]
    public void Without_normalisation_they_are_the_pooled_states()
    {
        LanguageModel model = MiniLm();
        int[][] ids = Golden().GetProperty("input_ids").Deserialize<int[][]>()!;
        AssertClose("pooled", SentenceEncoder.Embed(model, new SentenceSettings(), ids, [], default).Vectors.ToDoubles());
    }

    [SkippableFact]
    public void Every_pooling_is_what_its_name_says_of_the_states()
    {
        LanguageModel model = MiniLm();
        int[] ids = Golden().GetProperty("input_ids")[1].Deserialize<int[]>()!;
        Site last = new("blocks.5.hook_normalized_resid_post");
        double[][] states = [.. model.Run(TokenBatch.Single(ids), [Capture.At(last)])[last].ToDoubles().Chunk(384)];
        foreach ((Pooling pooling, Func<IEnumerable<double>, double> pool) in new (Pooling, Func<IEnumerable<double>, double>)[]
        {
            (Pooling.Mean, values => values.Average()), (Pooling.First, values => values.First()), (Pooling.Last, values => values.Last()),
            (Pooling.Max, values => values.Max()), (Pooling.MeanSquareRoot, values => values.Sum() / Math.Sqrt(states.Length)),
        })
        {
            double[] expected = [.. Enumerable.Range(0, 384).Select(i => pool(states.Select(state => state[i])))];
            double[] found = SentenceEncoder.Embed(model, new SentenceSettings(pooling), [ids, [101, 102]], [], default).Vectors.Select("text", 0).ToDoubles();
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        }
    }

    [SkippableFact]
    public void A_long_text_is_cut_to_the_makers_limit_and_keeps_the_tokens_around_it()
    {
        LanguageModel model = MiniLm();
        IReadOnlyList<int> ids = SentenceEncoder.Encode(model, model.SentenceSettings, string.Concat(Enumerable.Repeat("guitar ", 600)));
        Assert.Equal(256, ids.Count);
        Assert.Equal((101, 102), (ids[0], ids[^1]));
    }

    [SkippableFact]
    public void An_intervention_holds_while_texts_are_read()
    {
        LanguageModel model = MiniLm();
        SentenceEmbeddings plain = model.Embed(["A man is playing a guitar."]);
        SentenceEmbeddings changed = model.Embed(["A man is playing a guitar."], [Ablate.Zero(new Site("blocks.5.hook_mlp_out"))]);
        Assert.True(plain.Vectors.ToDoubles().Zip(changed.Vectors.ToDoubles(), (a, b) => Math.Abs(a - b)).Max() > 0.01);
    }

    [SkippableFact]
    public void What_needs_a_next_token_or_a_sum_of_parts_is_refused_by_name()
    {
        LanguageModel model = MiniLm();
        Assert.Contains("is an encoder", Assert.Throws<CutawayException>(() => model.Generate("A man")).Message, StringComparison.Ordinal);
        Assert.Contains("without a head", Assert.Throws<CutawayException>(() => model.Run("A man").Logits).Message, StringComparison.Ordinal);
        Assert.Contains("without a head", Assert.Throws<CutawayException>(() => new LogitLens("A man").Run(model)).Message, StringComparison.Ordinal);
        LanguageModel bert = LanguageModel.Load(Fixtures.Shared("goldens", "architectures", "bert"));
        Assert.Contains("no sum of what its parts wrote", Assert.Throws<CutawayException>(() => new Cutaway.Analysis.EdgeGraph(bert.Config)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}""", "pooling_mode_mean_tokens and pooling_mode_max_tokens")]
    [InlineData("""{"pooling_mode_weightedmean_tokens": true}""", "pooling_mode_weightedmean_tokens")]
    [InlineData("""{}""", "no pooling")]
    public void A_pooling_that_is_not_supported_is_named(string pooling, string named)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "modules.json"), """[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]""");
            Directory.CreateDirectory(Path.Combine(folder.FullName, "1_Pooling"));
            File.WriteAllText(Path.Combine(folder.FullName, "1_Pooling", "config.json"), pooling);
            Assert.Contains(named, Assert.Throws<CutawayException>(() => SentenceSettings.Read(folder.FullName)).Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static LanguageModel MiniLm() => LanguageModel.Load(Fixtures.Shared("models", "all-minilm-l6-v2"));

    private static JsonElement Golden() => JsonDocument.Parse(File.ReadAllBytes(Fixtures.Shared("goldens", "minilm", "golden.json"))).RootElement;

    private static void AssertClose(string name, double[] found)
    {
        double[] expected = SafetensorsFile.Open(Fixtures.Shared("goldens", "minilm", "golden.safetensors")).Tensors[name].ToDoubles();
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }
}
