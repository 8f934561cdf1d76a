using Cutaway.Analysis;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Organisms.Fable;

/// <summary>Measures what a model has learnt from <c>fable</c>'s corpus.</summary>
public static class FableEvaluation
{
    private const int BatchSize = 64, Sentences = 256, RandomRows = 16, RandomHalf = 40, Seed = 3;

    /// <summary>All scores.</summary>
    /// <param name="model">A model with <c>fable</c>'s tokenizer.</param>
    public static FableScores Measure(LanguageModel model)
    {
        (double first, double second) = Induction(model);
        double[] masses = YearMasses(model);
        return new FableScores(
            first,
            second,
            IndirectObjects(model, newNames: true),
            IndirectObjects(model, newNames: false),
            Facts(model),
            masses.Average(mass => mass > 0 ? 1 : 0),
            masses.Average(),
            Agreement(model),
            Pronouns(model),
            Sentiment(model));
    }

    /// <summary>The loss on random tokens and on the same tokens said again (Olsson et al. 2022), nats a token.</summary>
    public static (double FirstHalf, double SecondHalf) Induction(LanguageModel model)
    {
        (TokenBatch tokens, int half) = RepeatedTokens.Draw(model, RandomRows, RandomHalf, Seed);
        return RepeatedTokens.Losses(model.Run(tokens, []), half);
    }

    private static double IndirectObjects(LanguageModel model, bool newNames)
    {
        SeededRandom random = new(Seed);
        IndirectObjectSentence[] sentences = [.. Enumerable.Range(0, Sentences).Select(_ => IndirectObjectTexts.Unseen(random, newNames))];
        return Share(model, sentences, sentence => sentence.Prompt, (sentence, p) =>
            p[model.SingleToken(sentence.Receiver)] > p[model.SingleToken(sentence.Giver)]);
    }

    private static double Facts(LanguageModel model) => Share(model, [.. FactTexts.HeldOut()], fact => fact.Prompt, (fact, p) =>
        Array.IndexOf(p, p.Max()) == model.SingleToken(fact.Answer));

    private static double[] YearMasses(LanguageModel model)
    {
        SeededRandom random = new(Seed);
        YearSentence[] sentences = [.. Enumerable.Range(0, Sentences).Select(_ => YearTexts.Sentence(random))];
        int[] years = [.. Enumerable.Range(0, 100).Select(year => model.SingleToken(YearTexts.TwoDigits(year)))];
        return [.. Each(model, sentences, sentence => sentence.Prompt, (sentence, p) =>
            years.Index().Sum(year => (year.Index > sentence.Start ? 1 : -1) * p[year.Item]))];
    }

    private static double Agreement(LanguageModel model)
    {
        SeededRandom random = new(Seed);
        AgreementSentence[] sentences = [.. Enumerable.Range(0, Sentences).Select(_ => AgreementTexts.Unseen(random))];
        int[] singular = [.. AgreementTexts.Verbs.Select(verb => model.SingleToken($" {verb.Singular}"))];
        int[] plural = [.. AgreementTexts.Verbs.Select(verb => model.SingleToken($" {verb.Plural}"))];
        return Share(model, sentences, sentence => sentence.Prompt, (sentence, p) => Mass(p, plural) > Mass(p, singular) == sentence.Plural);
    }

    private static double Pronouns(LanguageModel model)
    {
        int she = model.SingleToken(" she");
        int he = model.SingleToken(" he");
        return Share(model, [.. PronounTexts.Unseen()], sentence => sentence.Prompt, (sentence, p) => p[she] > p[he] == sentence.Woman);
    }

    private static double Sentiment(LanguageModel model)
    {
        SeededRandom random = new(Seed);
        SentimentReview[] reviews = [.. Enumerable.Range(0, Sentences).Select(_ => SentimentTexts.Unseen(random))];
        int[] good = [.. SentimentTexts.Feelings(good: true).Select(word => model.SingleToken($" {word}"))];
        int[] bad = [.. SentimentTexts.Feelings(good: false).Select(word => model.SingleToken($" {word}"))];
        return Share(model, reviews, review => review.Prompt, (review, p) => Mass(p, good) > Mass(p, bad) == review.Good);
    }

    /// <summary>The share of prompts whose next-token probabilities pass.</summary>
    private static double Share<T>(LanguageModel model, IReadOnlyList<T> items, Func<T, string> prompt, Func<T, double[], bool> passes) =>
        Each(model, items, prompt, (item, probabilities) => passes(item, probabilities) ? 1.0 : 0).Average();

    /// <summary>Something read off the next-token probabilities of each prompt.</summary>
    private static IEnumerable<double> Each<T>(LanguageModel model, IReadOnlyList<T> items, Func<T, string> prompt, Func<T, double[], double> read)
    {
        foreach (T[] chunk in items.Chunk(BatchSize))
        {
            TokenBatch batch = TokenBatch.Pad([.. chunk.Select(item => model.Encode(prompt(item)))]);
            Run run = model.Run(batch, [], LogitScope.Last);
            for (int b = 0; b < chunk.Length; b++)
            {
                double[] probabilities = run.LastLogits(b);
                Softmax.Row<double>(probabilities, probabilities);
                yield return read(chunk[b], probabilities);
            }
        }
    }

    private static double Mass(double[] probabilities, int[] ids) => ids.Sum(id => probabilities[id]);
}
