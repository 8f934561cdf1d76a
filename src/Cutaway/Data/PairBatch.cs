using Cutaway.Models.Tokenizers;

namespace Cutaway.Data;

/// <summary>Prompt pairs as ids, aligned token by token.</summary>
public sealed class PairBatch
{
    private PairBatch(IReadOnlyList<PromptPair> pairs, AnswerTokens answerTokens, EncodedPair[] encoded)
    {
        Pairs = pairs;
        AnswerTokens = answerTokens;
        Clean = TokenBatch.Pad([.. encoded.Select(pair => pair.Clean)]);
        Corrupt = TokenBatch.Pad([.. encoded.Select(pair => pair.Corrupt)]);
        Continuations = [.. encoded.Select(pair => pair.Answer)];
        Answers = [.. encoded.Select(pair => pair.Answer[^1])];
        Versus = answerTokens == AnswerTokens.Sum ? [] : [.. encoded.Select(pair => pair.Versus)];
    }

    /// <summary>The pairs.</summary>
    public IReadOnlyList<PromptPair> Pairs { get; }

    /// <summary>How answers of several tokens are measured.</summary>
    public AnswerTokens AnswerTokens { get; }

    /// <summary>The clean prompts, [pair, pos], shorter ones padded on the left; with <see cref="AnswerTokens.Sum"/> all but the last of the answer's tokens follow.</summary>
    public TokenBatch Clean { get; }

    /// <summary>The corrupted prompts, [pair, pos], padded as the clean ones are and followed by the same tokens.</summary>
    public TokenBatch Corrupt { get; }

    /// <summary>The id that is right after the last position: of each pair's answer, its only token, its first, or with <see cref="AnswerTokens.Sum"/> its last.</summary>
    public IReadOnlyList<int> Answers { get; }

    /// <summary>The id it is compared with; none with <see cref="AnswerTokens.Sum"/>, as the other answer would be a prompt of its own.</summary>
    public IReadOnlyList<int> Versus { get; }

    /// <summary>The ids of each pair's answer that are measured.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Continuations { get; }

    /// <summary>How many last positions every pair has: as many as the shortest prompt has tokens.</summary>
    internal int CommonPositions => Enumerable.Range(0, Clean.Batch).Min(b => Enumerable.Range(0, Clean.Length).Count(i => Clean.IsReal(b, i)));

    /// <summary>Encodes pairs whose answers are one token each, and checks that they align.</summary>
    /// <exception cref="CutawayException">A pair's prompts differ in length or are the same, or an answer is not one token.</exception>
    public static PairBatch Encode(LanguageModel model, params IReadOnlyList<PromptPair> pairs) => Encode(model, AnswerTokens.Single, pairs);

    /// <summary>Encodes pairs and checks that they align.</summary>
    /// <param name="model">The model, whose tokenizer is asked.</param>
    /// <param name="answerTokens">What to do with answers of several tokens.</param>
    /// <param name="pairs">The pairs, at least one.</param>
    /// <exception cref="CutawayException">A pair's prompts differ in length or are the same, or its answers cannot be told apart.</exception>
    public static PairBatch Encode(LanguageModel model, AnswerTokens answerTokens, IReadOnlyList<PromptPair> pairs) => pairs.Count == 0
        ? throw CutawayException.Usage("there are no pairs of prompts; give at least one")
        : new(pairs, answerTokens, [.. pairs.Select((pair, i) => EncodedPair.Of(model, answerTokens, pair, pair.Origin.Length > 0 ? pair.Origin : $"pair {i}"))]);

    /// <summary>One pair as ids.</summary>
    /// <param name="Clean">The clean prompt.</param>
    /// <param name="Corrupt">The corrupted one.</param>
    /// <param name="Answer">The tokens of the answer that are measured.</param>
    /// <param name="Versus">The first token of the other answer.</param>
    private sealed record EncodedPair(IReadOnlyList<int> Clean, IReadOnlyList<int> Corrupt, int[] Answer, int Versus)
    {
        public static EncodedPair Of(LanguageModel model, AnswerTokens answerTokens, PromptPair pair, string where)
        {
            IReadOnlyList<int> clean = model.Encode(pair.Clean);
            IReadOnlyList<int> corrupt = model.Encode(pair.Corrupt);
            if (clean.Count != corrupt.Count)
            {
                throw CutawayException.Input(
                    $"{where}: the clean prompt has {clean.Count} tokens and the corrupted one {corrupt.Count}; patching needs as many in both. They part here (·):\n{Parting(model, clean, corrupt)}");
            }

            if (clean.SequenceEqual(corrupt))
            {
                throw CutawayException.Input($"{where}: the clean and the corrupted prompt are the same; change in one of them what the answer depends on");
            }

            int[] answer = Tokens(model, answerTokens, pair.Answer, where);
            int versus = Tokens(model, answerTokens, pair.Versus, where)[0];
            if (answerTokens != AnswerTokens.Sum && answer[0] == versus)
            {
                throw CutawayException.Input(pair.Answer == pair.Versus
                    ? $"{where}: the answer and what it is compared with are both '{pair.Answer}'"
                    : $"{where}: '{pair.Answer}' and '{pair.Versus}' start with the same token '{model.Tokenizer.TokenText(versus)}', which cannot tell them apart; use --answer-tokens sum");
            }

            if (answerTokens == AnswerTokens.Sum)
            {
                clean = [.. clean, .. answer[..^1]];
                corrupt = [.. corrupt, .. answer[..^1]];
            }

            return new(clean, corrupt, answer, versus);
        }

        private static int[] Tokens(LanguageModel model, AnswerTokens answerTokens, string text, string where)
        {
            IReadOnlyList<Token> tokens = model.Tokenizer.Encode(text, addSpecialTokens: false);
            if (tokens.Count == 0)
            {
                throw CutawayException.Input($"{where}: an answer is empty; give at least one token");
            }

            if (tokens.Count == 1 || answerTokens == AnswerTokens.Sum)
            {
                return [.. tokens.Select(token => token.Id)];
            }

            if (answerTokens == AnswerTokens.First)
            {
                return [tokens[0].Id];
            }

            string parts = string.Join(" ", tokens.Select(token => $"'{model.Tokenizer.TokenText(token.Id)}'"));
            throw CutawayException.Input(
                $"{where}: the answer '{text}' is {tokens.Count} tokens in '{model.Name}' ({parts}). Choose another, or measure its first token (--answer-tokens first) or the log-probability of all (--answer-tokens sum)");
        }

        /// <summary>Both lists of tokens, a dot before the first at which they differ; of long prompts only what is around it.</summary>
        private static string Parting(LanguageModel model, IReadOnlyList<int> clean, IReadOnlyList<int> corrupt)
        {
            const int Before = 8, After = 12;
            int same = 0;
            while (same < Math.Min(clean.Count, corrupt.Count) && clean[same] == corrupt[same])
            {
                same++;
            }

            return $"clean     {Show(clean)}\ncorrupted {Show(corrupt)}";

            string Show(IReadOnlyList<int> ids)
            {
                int from = Math.Max(0, same - Before);
                int to = Math.Min(ids.Count, same + After);
                IEnumerable<string> shown = Enumerable.Range(from, to - from).Select(i => (i == same ? "·" : "") + $"'{model.Tokenizer.TokenText(ids[i])}'");
                return (from > 0 ? "… " : "") + string.Join(" ", shown) + (same == ids.Count ? " ·(end)" : "") + (to < ids.Count ? " …" : "");
            }
        }
    }
}
