using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;

namespace Cutaway.Techniques.Reading;

/// <summary>A pattern that a head detector looks for.</summary>
public enum HeadPattern
{
    /// <summary>Looks at the token before.</summary>
    PreviousToken,

    /// <summary>Looks at an earlier copy of the same token.</summary>
    DuplicateToken,

    /// <summary>Looks at the token after an earlier copy of the same token.</summary>
    Induction,
}

/// <summary>
/// Scores every head against attention patterns: previous token, duplicate token, induction (Olsson et al. 2022, "In-context
/// Learning and Induction Heads"), a fixed offset, or a matrix of one's own. Without a prompt it reads random tokens said twice,
/// where meaning cannot help and only looking back foretells the second half.
/// </summary>
/// <param name="Prompt">A text; by default random tokens said twice.</param>
/// <param name="Patterns">Which patterns are looked for; by default all three.</param>
/// <param name="Offset">Also look for heads that look this many tokens back.</param>
/// <param name="PatternFile">Also look for the pattern in this file: a lower-triangular matrix, one query a line.</param>
/// <param name="Measure">How patterns are compared.</param>
/// <param name="ExcludeBos">Whether attention to the first token counts as none.</param>
/// <param name="ExcludeCurrentToken">Whether attention of a token to itself counts as none.</param>
/// <param name="Length">Random tokens before they are repeated.</param>
/// <param name="Batch">Random sequences.</param>
/// <param name="Seed">Seed of the random tokens.</param>
/// <param name="Top">Heads listed for each pattern.</param>
[Technique("head-detector", Section.Reading, "Find previous-token, duplicate-token, induction and other heads by their attention",
    Topic = "induction-heads-and-in-context-learning",
    Examples = "head-detector\nhead-detector \"one two three one two\" --patterns induction --measure mul\nhead-detector --offset 2 --seed 7 --model path/to/model.gguf")]
public sealed record HeadDetector(
    [property: Help("Text to read (default: random tokens said twice)", Argument = true)] Prompt? Prompt = null,
    [property: Help("Patterns looked for (default: all)")] IReadOnlyList<HeadPattern>? Patterns = null,
    [property: Help("Also find heads that look this many tokens back"), Range(0, 100000)] int? Offset = null,
    [property: Help("Also find heads of the pattern in this file: a lower-triangular matrix, one query a line (needs a prompt)")] string? PatternFile = null,
    [property: Help("mean attention where it is looked for, or TransformerLens's mul or abs")] PatternMeasure Measure = PatternMeasure.Mean,
    [property: Help("Count attention to the first token as none")] bool ExcludeBos = false,
    [property: Help("Count attention of a token to itself as none")] bool ExcludeCurrentToken = false,
    [property: Help("Random tokens before they are repeated"), Range(2, 10000)] int Length = 25,
    [property: Help("Random sequences"), Range(1, 1000)] int Batch = 4,
    [property: Help("Seed of the random tokens")] int Seed = 0,
    [property: Help("Heads listed for each pattern"), Range(1, 200)] int Top = 8) : ITechnique<HeadDetectorFinding>
{
    /// <inheritdoc/>
    public HeadDetectorFinding Run(LanguageModel model, Progress progress = default)
    {
        if (PatternFile is not null && Prompt is null)
        {
            throw CutawayException.Usage("--pattern-file fits one text: give the prompt it was made for");
        }

        if (Prompt is not null)
        {
            return Detect(model, TokenBatch.Single(model.Encode(Prompt)), half: null, progress);
        }

        (TokenBatch tokens, int half) = RepeatedTokens.Draw(model, Batch, Length, Seed);
        return Detect(model, tokens, half, progress);
    }

    /// <summary>Scores the heads on given sequences.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Sequences without padding.</param>
    /// <param name="half">Length of the repeated half, so that losses are reported; null for a text of another kind.</param>
    /// <param name="progress">Reports and cancels.</param>
    internal HeadDetectorFinding Detect(LanguageModel model, TokenBatch tokens, int? half, Progress progress)
    {
        NetworkConfig config = model.Config;
        List<(string Name, double[][][] Sought)> sought = Sought(tokens);
        progress.Step("running", 0, config.Layers + 1);
        Run run = model.Run(tokens, Capture.All(Site.AllPatterns), half is null ? LogitScope.None : LogitScope.All, progress.Cancellation);
        List<HeadScores> scores = [.. sought.Select(entry => new HeadScores(entry.Name, new double[config.Layers][]))];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            progress.Step("scoring heads", layer + 1, config.Layers + 1);
            foreach (HeadScores one in scores)
            {
                ((double[][])one.Scores)[layer] = new double[config.Heads];
            }

            for (int head = 0; head < config.Heads; head++)
            {
                for (int b = 0; b < tokens.Batch; b++)
                {
                    double[][] pattern = HeadChoice.Pattern(run, new HeadName(layer, head), b);
                    for (int i = 0; i < sought.Count; i++)
                    {
                        ((double[][])scores[i].Scores)[layer][head] +=
                            HeadPatterns.Score(pattern, sought[i].Sought[b], Measure, ExcludeBos, ExcludeCurrentToken) / tokens.Batch;
                    }
                }
            }
        }

        (double First, double Second)? losses = half is int length ? RepeatedTokens.Losses(run, length) : null;
        progress.Step("done", 1, 1);
        return new HeadDetectorFinding
        {
            Text = half is null ? string.Concat(model.TokenTexts(tokens.Row(0).ToArray())) : null,
            Measure = Measure,
            Patterns = scores,
            LossFirstHalf = losses?.First,
            LossSecondHalf = losses?.Second,
            Top = Top,
        };
    }

    private List<(string Name, double[][][] Sought)> Sought(TokenBatch tokens)
    {
        List<(string, double[][][])> sought = [.. (Patterns ?? Enum.GetValues<HeadPattern>())
            .Select(kind => (KebabCase.Of(kind.ToString()), Each(ids => kind switch
            {
                HeadPattern.PreviousToken => HeadPatterns.PreviousToken(ids.Length),
                HeadPattern.DuplicateToken => HeadPatterns.DuplicateToken(ids),
                _ => HeadPatterns.Induction(ids),
            })))];
        if (Offset is int offset)
        {
            sought.Add(($"{offset} back", Each(ids => HeadPatterns.Fixed(ids.Length, offset))));
        }

        if (PatternFile is not null)
        {
            sought.Add((Path.GetFileName(PatternFile), Each(ids => HeadPatterns.Read(PatternFile, ids.Length))));
        }

        return sought;

        double[][][] Each(Func<int[], double[][]> pattern) => [.. Enumerable.Range(0, tokens.Batch).Select(b => pattern(tokens.Row(b).ToArray()))];
    }
}
