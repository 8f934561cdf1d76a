using Cutaway.Decoding;
using Cutaway.Tensors;

namespace Cutaway.Tests.Decoding;

/// <summary>Each processor against its definition, written as plainly as it can be, on random logits with ties and removed tokens.</summary>
public sealed class ProcessorTests
{
    private const int Vocabulary = 60;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Top_k_keeps_the_k_largest_and_what_equals_the_last(int seed)
    {
        double[] logits = Random(seed);
        int k = 1 + (seed * 3);
        double last = logits.OrderDescending().ElementAt(Math.Min(k, Vocabulary) - 1);
        AssertKept(new TopK(k), logits, id => logits[id] >= last);
        Assert.True(Kept(new TopK(k), logits).Length >= Math.Min(k, logits.Count(double.IsFinite)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_nucleus_is_the_smallest_set_of_the_likeliest_that_has_the_mass(int seed)
    {
        double[] logits = Random(seed);
        double[] p = Softmax(logits);
        double mass = 0.04 * seed;
        int[] order = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(id => p[id])];
        int[] kept = Kept(new TopP(mass), logits);
        Assert.Equal(order.Take(kept.Length).Order(), kept);
        Assert.True(kept.Sum(id => p[id]) >= mass - 1e-12, "the kept mass is too small");
        Assert.True(kept.Length == 1 || order.Take(kept.Length - 1).Sum(id => p[id]) < mass, "a smaller set would do");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Min_p_epsilon_and_eta_cut_at_their_limits_but_leave_the_likeliest(int seed)
    {
        double[] logits = Random(seed);
        double[] p = Softmax(logits);
        double limit = 0.01 + (0.02 * seed);
        double entropy = -p.Sum(value => value > 0 ? value * Math.Log(value) : 0);
        AssertKept(new MinP(limit), logits, id => p[id] >= limit * p.Max());
        AssertKept(new Epsilon(limit), logits, id => p[id] >= limit || p[id] == p.Max());
        double eta = Math.Min(limit, Math.Sqrt(limit) * Math.Exp(-entropy));
        AssertKept(new Eta(limit), logits, id => p[id] >= eta || p[id] == p.Max());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Typical_keeps_what_is_nearest_to_the_entropy_until_the_mass_is_reached(int seed)
    {
        double[] logits = Random(seed);
        double[] p = Softmax(logits);
        double mass = 0.02 + (0.039 * seed);
        double entropy = -p.Sum(value => value > 0 ? value * Math.Log(value) : 0);
        double[] distance = [.. p.Select(value => Math.Abs(-Math.Log(value) - entropy))];
        int[] kept = Kept(new Typical(mass), logits);
        double furthest = kept.Max(id => distance[id]);
        Assert.True(kept.Sum(id => p[id]) >= mass - 1e-12, "the kept mass is too small");
        Assert.All(Enumerable.Range(0, Vocabulary).Except(kept), id => Assert.True(distance[id] > furthest - 1e-12, "a nearer token was removed"));
        Assert.True(kept.Where(id => distance[id] < furthest - 1e-9).Sum(id => p[id]) < mass, "a smaller set would do");
    }

    [Fact]
    public void Typical_may_remove_the_likeliest_token()
    {
        // Information 0.69, 1.61 ×2, 2.30; entropy 1.22: the likeliest is 0.53 away, the two next 0.39.
        double[] logits = [Math.Log(0.5), Math.Log(0.2), Math.Log(0.2), Math.Log(0.1)];
        StepLogits step = Step(logits, [0], 1);
        new Typical(0.3).Apply(step);
        Assert.Equal([double.NegativeInfinity, logits[1], logits[2], double.NegativeInfinity], step.Logits.ToArray());
    }

    [Fact]
    public void What_is_kept_keeps_its_ratios_and_sums_to_one()
    {
        double[] logits = Random(3);
        double[] p = Softmax(logits);
        StepLogits step = Step(logits, [0], 1);
        new TopP(0.8).Apply(step);
        double[] after = step.Probabilities().ToArray();
        int[] kept = [.. Enumerable.Range(0, Vocabulary).Where(id => after[id] > 0)];
        Assert.Equal(1, after.Sum(), 1e-12);
        Assert.All(kept, id => Assert.Equal(p[id] / kept.Sum(other => p[other]), after[id], 1e-12));
    }

    [Fact]
    public void Temperature_divides_and_biases_are_added()
    {
        StepLogits step = Step([1, 2, 3], [0], 1);
        new Temperature(0.5).Apply(step);
        new LogitBias([new(1, 2.5), new(2, double.NegativeInfinity)]).Apply(step);
        Assert.Equal([2, 6.5, double.NegativeInfinity], step.Logits.ToArray());
    }

    [Fact]
    public void Repetition_counts_prompt_and_text_once_and_occurrence_counts_the_text_each_time()
    {
        StepLogits step = Step([2, -2, 4, -4, 1], [0, 1, 0, 2, 2, 3], 2);
        new RepetitionPenalty(2).Apply(step);
        Assert.Equal([1, -4, 2, -8, 1], step.Logits.ToArray());
        new OccurrencePenalties(0.5, 0.25).Apply(step);
        Assert.Equal([1 - 0.75, -4, 2 - 1, -8 - 0.75, 1], step.Logits.ToArray());
        new RepetitionPenalty(2).Apply(step);
        Assert.Equal(0.125, step.Logits[0]);
    }

    [Theory]
    [InlineData(1, new[] { 1, 2, 3 }, new[] { 1, 2, 3 })]
    [InlineData(2, new[] { 1, 2, 3, 1 }, new[] { 2 })]
    [InlineData(2, new[] { 4, 4 }, new[] { 4 })]
    [InlineData(3, new[] { 1, 2, 3, 1, 2, 4, 1, 2 }, new[] { 3, 4 })]
    [InlineData(3, new[] { 1, 2 }, new int[0])]
    [InlineData(4, new[] { 1, 2, 3 }, new int[0])]
    public void No_run_of_tokens_occurs_twice(int size, int[] text, int[] removed)
    {
        StepLogits step = Step(new double[6], text, 1);
        new NoRepeatNgram(size).Apply(step);
        Assert.Equal(removed, Enumerable.Range(0, 6).Where(id => double.IsNegativeInfinity(step.Logits[id])));
    }

    [Fact]
    public void Banned_sequences_and_early_ends_are_removed_where_they_would_be_completed()
    {
        StepLogits step = Step(new double[6], [5, 1, 2], 1);
        new BannedSequences([[4], [1, 2, 3], [2, 2, 0], [9, 9, 9, 9, 1]]).Apply(step);
        new MinTokens(3, [5]).Apply(step);
        new MinTokens(2, [0]).Apply(step);
        Assert.Equal([3, 4, 5], Enumerable.Range(0, 6).Where(id => double.IsNegativeInfinity(step.Logits[id])));
    }

    private static int[] Kept(ILogitsProcessor processor, double[] logits)
    {
        StepLogits step = Step(logits, [0], 1);
        processor.Apply(step);
        Assert.All(Enumerable.Range(0, logits.Length), id => Assert.True(step.Logits[id] == logits[id] || double.IsNegativeInfinity(step.Logits[id])));
        return [.. Enumerable.Range(0, logits.Length).Where(id => !double.IsNegativeInfinity(step.Logits[id]))];
    }

    private static void AssertKept(ILogitsProcessor processor, double[] logits, Predicate<int> keeps) =>
        Assert.Equal(Enumerable.Range(0, logits.Length).Where(id => !double.IsNegativeInfinity(logits[id]) && keeps(id)), Kept(processor, logits));

    private static StepLogits Step(double[] logits, int[] text, int prompt)
    {
        StepLogits step = new(logits.Length);
        step.Begin<double>(logits, text, prompt);
        return step;
    }

    // Some tokens are equal, and some are removed already.
    private static double[] Random(int seed)
    {
        SeededRandom random = new((ulong)seed + 100);
        double[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => Math.Round(random.NextNormal() * 3, seed % 2 == 0 ? 0 : 6))];
        for (int i = 0; i < seed % 5; i++)
        {
            logits[random.Next(Vocabulary)] = double.NegativeInfinity;
        }

        return logits;
    }

    private static double[] Softmax(double[] logits)
    {
        double[] p = [.. logits.Select(logit => Math.Exp(logit - logits.Max()))];
        return [.. p.Select(value => value / p.Sum())];
    }
}
