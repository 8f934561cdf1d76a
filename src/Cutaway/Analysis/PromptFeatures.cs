using System.Globalization;
using Cutaway.Data;

namespace Cutaway.Analysis;

/// <summary>
/// What two prompts may have in common: <c>prompt</c> (they are the same), <c>answer</c>, <c>versus</c> (their tokens),
/// <c>answer-at</c>, <c>versus-at</c> (where these first stand), <c>token:N</c> (the token at a position, negative ones from the end).
/// </summary>
internal sealed class PromptFeatures(LanguageModel model, PairBatch pairs)
{
    private const string Token = "token:";

    /// <summary>The prompts that share all of some features with each prompt, itself among them.</summary>
    /// <exception cref="CutawayException">There is no such feature.</exception>
    public int[][] Alike(IReadOnlyList<string> features)
    {
        string[] keys = [.. Enumerable.Range(0, pairs.Clean.Batch).Select(item => string.Join('\n', features.Select(feature => Value(feature, item))))];
        ILookup<string, int> byKey = Enumerable.Range(0, keys.Length).ToLookup(item => keys[item]);
        return [.. keys.Select(key => byKey[key].ToArray())];
    }

    private string Value(string feature, int item) => feature switch
    {
        "prompt" => string.Join(' ', pairs.Clean.Row(item).ToArray()),
        "answer" => Text(pairs.Answers[item]),
        "versus" => Text(pairs.Versus[item]),
        "answer-at" => Text(pairs.Clean.Row(item).IndexOf(pairs.Answers[item])),
        "versus-at" => Text(pairs.Clean.Row(item).IndexOf(pairs.Versus[item])),
        _ when feature.StartsWith(Token, StringComparison.Ordinal)
            && int.TryParse(feature.AsSpan(Token.Length), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int position) => Text(pairs.Clean.Row(item)[Position(position)]),
        _ => throw CutawayException.Input($"the hypothesis: no feature '{feature}' of prompts; there are prompt, answer, versus, answer-at, versus-at and token:N"),
    };

    private int Position(int position)
    {
        int absolute = position < 0 ? pairs.Clean.Length + position : position;
        return (uint)absolute < (uint)pairs.Clean.Length
            ? absolute
            : throw CutawayException.Input($"the hypothesis: position {position} is outside prompts of {pairs.Clean.Length} tokens of '{model.Name}'");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
