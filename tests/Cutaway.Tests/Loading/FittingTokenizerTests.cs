using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Loading;

public sealed class FittingTokenizerTests
{
    private static readonly LanguageModel Random = TestModels.Random();
    private static readonly int Rows = Random.Config.Vocabulary;

    [Fact]
    public void A_token_without_a_row_is_refused_wherever_a_text_is_encoded()
    {
        LanguageModel model = new("small", Random.Network, WordTokenizer.Numbered(Rows + 3), Random.DType);
        string beyond = $"w{Rows + 1}";

        Assert.Equal([0, Rows - 1], model.Tokenizer.Encode($"w0 w{Rows - 1}").Select(token => token.Id));
        foreach (Action encode in new Action[]
        {
            () => model.Encode($"w0 {beyond}"),
            () => model.SingleToken(beyond),
            () => model.Tokenizer.EncodePair("w0", beyond),
            () => model.WithDType(DType.Float32).Tokenizer.Encode(beyond),
        })
        {
            CutawayException error = Assert.Throws<CutawayException>(encode);
            Assert.Equal(FaultKind.Input, error.Kind);
            Assert.Contains($"the id {Rows + 1}, but the embedding of 'small' has {Rows} rows (its tokenizer has {Rows + 3} tokens)", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_tokenizer_that_fits_is_used_as_it_is()
    {
        WordTokenizer words = WordTokenizer.Numbered(Rows);
        Assert.Same(words, new LanguageModel("fits", Random.Network, words, Random.DType).Tokenizer);
    }
}
