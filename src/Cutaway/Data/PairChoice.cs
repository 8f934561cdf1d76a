namespace Cutaway.Data;

/// <summary>Which pairs of prompts a technique works on: one given in words, those of a file, or those of a generator.</summary>
/// <param name="Clean">The prompt whose behaviour is explained.</param>
/// <param name="Corrupt">The prompt without the information in question.</param>
/// <param name="Answer">What continues the clean prompt.</param>
/// <param name="Versus">What continues the corrupted prompt.</param>
/// <param name="Pairs">A file (.csv or .jsonl) or a generator's name, instead of the four.</param>
/// <param name="Count">How many pairs are drawn, or read from the file's start.</param>
/// <param name="Seed">Draws them.</param>
/// <param name="AnswerTokens">What to do with answers of several tokens.</param>
public sealed record PairChoice(
    Prompt? Clean = null,
    Prompt? Corrupt = null,
    string? Answer = null,
    string? Versus = null,
    string? Pairs = null,
    int Count = PairChoice.DefaultCount,
    int Seed = 0,
    AnswerTokens AnswerTokens = AnswerTokens.Single)
{
    /// <summary>How many pairs are taken where nothing else is said.</summary>
    public const int DefaultCount = 8;

    /// <summary>The pairs; with nothing chosen, <see cref="PromptPair.Default"/>.</summary>
    /// <exception cref="CutawayException">Only some of a pair's parts are given, or the file or the generator cannot make pairs.</exception>
    public PairBatch Encode(LanguageModel model) => PairBatch.Encode(model, AnswerTokens, Choose(model));

    private IReadOnlyList<PromptPair> Choose(LanguageModel model)
    {
        bool any = Clean is not null || Corrupt is not null || Answer is not null || Versus is not null;
        if (Pairs is not null)
        {
            return any
                ? throw CutawayException.Usage("--pairs brings prompts and answers of its own; leave out --clean, --corrupt, --answer and --versus")
                : PairGenerators.Names.Contains(Pairs) ? PairGenerators.Generate(model, Pairs, Count, Seed)
                : PairFile.Read(Pairs, Count);
        }

        return !any ? [PromptPair.Default]
            : Clean is not null && Corrupt is not null && Answer is not null && Versus is not null ? [new PromptPair(Clean, Corrupt, Answer, Versus)]
            : throw CutawayException.Usage("a pair of prompts needs all of --clean, --corrupt, --answer and --versus (or none, for the example)");
    }
}
