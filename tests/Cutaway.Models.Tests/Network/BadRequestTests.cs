using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>What a forward pass says about tokens and masks that do not fit.</summary>
public sealed class BadRequestTests
{
    private static readonly TransformerNetwork Network = TransformerLensGolden.Load("tiny-gpt2");

    [Fact]
    public void No_tokens() => Require(new ForwardRequest(ReadOnlyMemory<int>.Empty, 1, 0), "no tokens");

    [Theory]
    [InlineData(113)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary(int id) => Require(new ForwardRequest(new[] { 1, id }, 1, 2), $"{id} is outside the vocabulary of 113");

    [Fact]
    public void Ids_that_do_not_fill_the_batch() => Require(new ForwardRequest(new[] { 1, 2, 3 }, 2, 2), "3 ids", "2 sequences of 2");

    [Fact]
    public void A_mask_of_another_size() => Require(new ForwardRequest(new[] { 1, 2 }, 1, 2) { AttentionMask = new[] { true } }, "1 entries", "1 × 2");

    [Fact]
    public void More_tokens_than_learned_positions() => Require(new ForwardRequest(new int[65], 1, 65), "65 tokens", "positions for 64");

    [Fact]
    public void Padding_needs_no_positions()
    {
        ForwardPass<float> pass = new(Network);
        pass.Run(new ForwardRequest(new int[70], 1, 70) { AttentionMask = (bool[])[.. new bool[6], .. Enumerable.Repeat(true, 64)] });
        Assert.Equal(70 * Network.Config.Vocabulary, pass.Logits.Length);
    }

    private static void Require(ForwardRequest request, params string[] parts)
    {
        CutawayException fault = Assert.Throws<CutawayException>(() => new ForwardPass<float>(Network).Run(request));
        Assert.Equal(FaultKind.Input, fault.Kind);
        Assert.All(parts, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }
}
