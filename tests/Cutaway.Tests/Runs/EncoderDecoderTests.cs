using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;
using Cutaway.Testing;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Runs;

/// <summary>Models of two stacks: an encoder that reads a text, and a decoder that reads what the encoder made of it.</summary>
public sealed class EncoderDecoderTests
{
    [SkippableFact]
    public void A_decoder_writes_what_follows_from_the_text_that_its_encoder_read()
    {
        LanguageModel model = Open();
        LanguageModel one = model.Reading("w9 w8 w77");
        LanguageModel other = model.Reading("w12 w40");
        Generation generated = one.Generate("", new GenerationOptions { MaxTokens = 6, StopAtEnd = false });
        Assert.Equal([0], generated.Prompt);

        // Token by token without a cache.
        List<int> ids = [0];
        for (int i = 0; i < 6; i++)
        {
            double[] logits = one.Run(TokenBatch.Single(ids), [], LogitScope.Last).Logits.ToDoubles();
            ids.Add(Array.IndexOf(logits, logits.Max()));
        }

        Assert.Equal(ids.Skip(1), generated.Ids);
        Assert.NotEqual(one.Run("").Logits.ToDoubles(), other.Run("").Logits.ToDoubles());
    }

    [SkippableFact]
    public void Both_stacks_are_hooked_under_the_names_of_their_own()
    {
        LanguageModel model = Open();
        Run read = model.Encoder!.Run("w9 w8 w77", Capture.At("encoder.0.attn.hook_pattern"), Capture.At("encoder_final_ln.hook_scale"));
        Assert.Equal([1, model.Config.Heads, 3, 3], read["blocks.0.attn.hook_pattern"].Shape);

        // An encoder's queries see later keys too.
        Assert.True(read["blocks.0.attn.hook_pattern"].Select("batch", 0).Select("head", 0).ToRows()[0][2] > 0);
        Run written = model.Reading("w9 w8 w77").Run("w5 w6", Capture.At("decoder.1.cross_attn.hook_pattern"), Capture.At("decoder.1.hook_resid_mid_cross"));
        Assert.Equal([1, model.Config.Heads, 3, 3], written["blocks.1.cross_attn.hook_pattern"].Shape);
        Assert.All(written["blocks.1.cross_attn.hook_pattern"].Select("batch", 0).Select("head", 0).ToRows(), row => Assert.Equal(1, row.Sum(), 1e-12));
    }

    [SkippableFact]
    public void What_is_changed_in_the_encoder_reaches_the_decoder()
    {
        LanguageModel model = Open();
        double[] plain = model.Reading("w9 w8 w77").Run("w5").Logits.ToDoubles();
        double[] same = model.Reading("w9 w8 w77", [Scale.By(new Site("encoder.1.hook_resid_pre"), 1)]).Run("w5").Logits.ToDoubles();
        double[] changed = model.Reading("w9 w8 w77", [Ablate.Zero(new Site("encoder.1.attn.hook_z") { Heads = [0] })]).Run("w5").Logits.ToDoubles();
        Assert.Equal(plain, same);
        Assert.NotEqual(plain, changed);
    }

    [SkippableFact]
    public void A_finding_says_what_the_encoder_read()
    {
        Provenance provenance = Provenance.Of(new LogitLens("w5"), Open().Reading("w9 w8"));
        Assert.Contains(".Reading(\"w9 w8\")", provenance.CSharp, StringComparison.Ordinal);
        Assert.Contains("--encoder-text \"w9 w8\"", provenance.CommandLine, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_decoder_without_a_text_and_a_text_without_an_encoder_are_refused()
    {
        Assert.Contains("--encoder-text", Assert.Throws<CutawayException>(() => Open().Run("w5")).Message, StringComparison.Ordinal);
        Assert.Contains("has no encoder", Assert.Throws<CutawayException>(() => TestModels.Random().Reading("w5")).Message, StringComparison.Ordinal);
    }

    private static LanguageModel Open()
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(Fixtures.Shared("goldens", "architectures", "t5"));
        return new("t5", new TransformerNetwork(config, weights), WordTokenizer.Numbered(config.Vocabulary), DType.Float64);
    }
}
