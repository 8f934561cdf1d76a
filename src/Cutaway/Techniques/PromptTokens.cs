using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Tokenizers;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Techniques;

/// <summary>What techniques ask of a prompt again and again: a position, an answer, a layer, a head; with the errors that name what was wrong.</summary>
internal static class PromptTokens
{
    /// <summary>A position counted from the start, from one that may be negative.</summary>
    /// <param name="tokens">The prompt.</param>
    /// <param name="position">The position.</param>
    /// <param name="option">The option that names it, for messages.</param>
    /// <exception cref="CutawayException">The prompt has no such position.</exception>
    public static int Position(TokenBatch tokens, int position, string option = "--position")
    {
        int absolute = position < 0 ? tokens.Length + position : position;
        return (uint)absolute < (uint)tokens.Length
            ? absolute
            : throw CutawayException.Usage($"{option} {position} is outside the prompt: its {tokens.Length} tokens have positions 0 to {tokens.Length - 1} (or -{tokens.Length} to -1)");
    }

    /// <summary>The positions of the tokens that some words of a prompt are written with, wherever the words occur; ascending.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">A text.</param>
    /// <param name="words">Words of it.</param>
    /// <param name="option">The option that names the words, for messages.</param>
    /// <exception cref="CutawayException">The words are not in the text, or it is given as ids.</exception>
    public static int[] Of(LanguageModel model, Prompt prompt, string words, string option)
    {
        string text = prompt.Text ?? throw CutawayException.Usage($"{option} names words, and the prompt is given as token ids; give it as text");
        SortedSet<int> positions = [];
        IReadOnlyList<Token> tokens = model.Tokenizer.Encode(text);
        for (int start = Find(0); start >= 0; start = Find(start + 1))
        {
            int end = start + words.Length;
            positions.UnionWith(Enumerable.Range(0, tokens.Count).Where(i => tokens[i].Start < end && tokens[i].End > start));
        }

        return positions.Count > 0 ? [.. positions] : throw CutawayException.Input($"{option} '{words}' is not in the prompt '{text}'");

        int Find(int from) => words.Length == 0 ? -1 : text.IndexOf(words, from, StringComparison.Ordinal);
    }

    /// <summary>Checks a layer.</summary>
    public static int Layer(LanguageModel model, int layer) => (uint)layer < (uint)model.Config.Layers
        ? layer
        : throw CutawayException.Usage($"layer {layer}: '{model.Name}' has layers 0 to {model.Config.Layers - 1}");

    /// <summary>Checks a head.</summary>
    public static int Head(LanguageModel model, int head) => (uint)head < (uint)model.Config.Heads
        ? head
        : throw CutawayException.Usage($"head {head}: '{model.Name}' has heads 0 to {model.Config.Heads - 1} in each layer");

    /// <summary>The id of the token that is followed: the one named, or the most likely one.</summary>
    public static int Answer(LanguageModel model, string? answer, ReadOnlySpan<double> logits) =>
        answer is null ? Reductions.ArgMax(logits) : model.SingleToken(answer);

    /// <summary>The id of the token it is compared with, or null.</summary>
    /// <exception cref="CutawayException">It is the same token.</exception>
    public static int? Versus(LanguageModel model, string? versus, int answer)
    {
        if (versus is null)
        {
            return null;
        }

        int id = model.SingleToken(versus);
        return id != answer
            ? id
            : throw CutawayException.Usage($"--versus '{versus}' is the answer itself; compare it with another token");
    }

    /// <summary>What is measured, in words.</summary>
    public static string Metric(string answer, string? versus) =>
        versus is null ? $"logit of '{answer}'" : $"logit difference '{answer}' − '{versus}'";

    /// <summary>What is measured of prompt pairs, in words.</summary>
    public static string Metric(Metric metric, PairBatch pairs) => metric is LogitDifference && pairs.Pairs.Count == 1
        ? Metric(pairs.Pairs[0].Answer, pairs.Pairs[0].Versus)
        : metric.Name.Replace('-', ' ');
}
