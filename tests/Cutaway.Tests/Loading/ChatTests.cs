using Cutaway.Models.Tokenizers.Chat;
using Cutaway.Testing;

namespace Cutaway.Tests.Loading;

public sealed class ChatTests
{
    [SkippableFact]
    public void A_conversation_becomes_the_prompt_that_the_template_writes()
    {
        LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "smollm2-135m-instruct"));
        Prompt prompt = model.Chat(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hello"));

        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
            model.Tokenizer.Decode(prompt.Ids!.ToArray()));
        Assert.Equal(2, prompt.Ids!.Count(id => id == model.SingleToken("<|im_end|>")));
    }

    [Fact]
    public void A_model_without_a_template_says_so()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => LanguageModel.Load("wired").Chat(new ChatMessage("user", "Hello")));

        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Contains("'wired' has no chat template", error.Message, StringComparison.Ordinal);
    }
}
