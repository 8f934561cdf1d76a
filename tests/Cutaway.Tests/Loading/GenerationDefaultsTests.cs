using Cutaway.Decoding;
using Cutaway.Loading;
using Cutaway.Runs;

namespace Cutaway.Tests.Loading;

/// <summary>What is read of a model's generation_config.json, and what is not made up.</summary>
public sealed class GenerationDefaultsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_the_file_says_is_taken_and_nothing_more()
    {
        Write("""{"do_sample": true, "temperature": 0.6, "top_p": 0.9, "eos_token_id": [5, 7], "suppress_tokens": [3], "max_new_tokens": null, "bos_token_id": 1}""");
        GenerationOptions options = GenerationDefaults.Read(folder);
        Assert.Equal((0.6, 0.9, 0, 40), (options.Temperature, options.TopP, options.TopK, options.MaxTokens));
        Assert.Equal([5, 7], options.StopTokens);
        Assert.Equal([3], options.Banned.Single());
    }

    [Fact]
    public void Without_sampling_the_most_likely_token_is_taken_and_beams_are_searched()
    {
        Write("""{"temperature": 0.6, "num_beams": 3, "length_penalty": 2, "eos_token_id": 5}""");
        GenerationOptions options = GenerationDefaults.Read(folder);
        Assert.Equal(0, options.Temperature);
        Assert.Equal(new BeamSearch { Beams = 3, LengthPenalty = 2 }, options.Strategy);
        Assert.Equal([5], options.StopTokens);
    }

    [Fact]
    public void A_model_without_the_file_has_options_that_change_nothing() => Assert.Equal(1, GenerationDefaults.Read(folder).TopP);

    [Theory]
    [InlineData("[]", "does not hold a JSON object")]
    [InlineData("{", "is not valid JSON")]
    [InlineData("""{"top_p": "much"}""", "'top_p' is much; expected a number")]
    [InlineData("""{"eos_token_id": [1.5]}""", "'eos_token_id' is [1.5]; expected token ids")]
    public void A_file_that_cannot_be_understood_is_an_error_that_names_the_key(string json, string message)
    {
        Write(json);
        Assert.Contains(message, Assert.Throws<CutawayException>(() => GenerationDefaults.Read(folder)).Message, StringComparison.Ordinal);
    }

    private void Write(string json) => File.WriteAllText(Path.Combine(folder, "generation_config.json"), json);
}
