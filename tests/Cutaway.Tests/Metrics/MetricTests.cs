using Cutaway.Data;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Metrics;

/// <summary>Metrics against their definitions written out, and their gradients against differences.</summary>
public sealed class MetricTests
{
    private const int Vocabulary = 11, Positions = 4;

    private static readonly TokenBatch Prompts = TokenBatch.Pad([[3, 7, 1, 9], [5, 2, 2]]);

    private static readonly double[][] Reference = [Draw(1, Vocabulary), Draw(2, Vocabulary)];

    private static readonly Metric[] All =
    [
        new LogitDifference([4, 2], [9, 3]), new Probability([4, 2]), new LogProbability([4, 2]),
        LogProbability.Sum(Prompts, [[1, 9, 4], [6]]), new ProbabilityDifference([[1, 2, 3], [4]], [[5], [0, 10]]),
        new KlDivergence(Reference), new CentredCosine(Reference), CrossEntropyLoss.OfAnswers([4, 2]), CrossEntropyLoss.OfPrompts(Prompts),
    ];

    public static TheoryData<int> Differentiable() => [.. Enumerable.Range(0, All.Length)];

    [Theory]
    [MemberData(nameof(Differentiable))]
    public void A_gradient_is_the_limit_of_differences(int index)
    {
        const double Step = 1e-5;
        Metric metric = All[index];
        for (int item = 0; item < 2; item++)
        {
            double[] logits = Draw(3 + item, Width(metric));
            double[] gradient = Draw(9, logits.Length);
            metric.Gradient(item, logits, gradient);
            for (int i = 0; i < logits.Length; i++)
            {
                double at = logits[i];
                logits[i] = at + Step;
                double above = metric.Value(item, logits);
                logits[i] = at - Step;
                double below = metric.Value(item, logits);
                logits[i] = at;
                Assert.Equal((above - below) / (2 * Step), gradient[i], 1e-8);
            }

            Assert.Contains(gradient, value => Math.Abs(value) > 1e-3);
        }
    }

    [Fact]
    public void Values_are_what_the_definitions_say()
    {
        double[] logits = Draw(3, Vocabulary);
        double[] p = Probabilities(logits);
        double[] q = Probabilities(Reference[1]);
        Assert.Equal(p[2], new Probability([4, 2]).Value(1, logits), 1e-14);
        Assert.Equal(Math.Log(p[2]), new LogProbability([4, 2]).Value(1, logits), 1e-13);
        Assert.Equal(-Math.Log(p[2]), CrossEntropyLoss.OfAnswers([4, 2]).Value(1, logits), 1e-13);
        Assert.Equal(p[1] + p[2] + p[3] - p[5], new ProbabilityDifference([[1, 2, 3], [4]], [[5], [0, 10]]).Value(0, logits), 1e-14);
        Assert.Equal(q.Zip(p, (a, b) => a * Math.Log(a / b)).Sum(), new KlDivergence(Reference).Value(1, logits), 1e-13);
        Assert.Equal(logits.Count(logit => logit > logits[2]), new Rank([4, 2]).Value(1, logits));
        Assert.Equal(0, new Accuracy([Array.IndexOf(logits, logits.Min())]).Value(0, logits));
        Assert.Equal(1, new Accuracy([Array.IndexOf(logits, logits.Max())]).Value(0, logits));
    }

    [Fact]
    public void Sums_and_losses_read_the_positions_that_foretell_their_tokens()
    {
        double[] logits = Draw(5, Positions * Vocabulary);
        double[][] p = [.. Enumerable.Range(0, Positions).Select(row => Probabilities(logits[(row * Vocabulary)..((row + 1) * Vocabulary)]))];

        // The first prompt ends with two of the answer's three tokens, 1 and 9.
        Assert.Equal(Math.Log(p[1][1]) + Math.Log(p[2][9]) + Math.Log(p[3][4]), LogProbability.Sum(Prompts, [[1, 9, 4], [6]]).Value(0, logits), 1e-12);
        Assert.Equal(Math.Log(p[3][6]), LogProbability.Sum(Prompts, [[1, 9, 4], [6]]).Value(1, logits), 1e-12);

        // The second prompt is padded on the left: it has two next tokens, after its first and its second.
        Assert.Equal(-(Math.Log(p[1][2]) + Math.Log(p[2][2])) / 2, CrossEntropyLoss.OfPrompts(Prompts).Value(1, logits), 1e-12);
        Assert.Equal(LogitScope.All, CrossEntropyLoss.OfPrompts(Prompts).Scope);
    }

    [Fact]
    public void A_run_compared_with_itself_does_not_diverge_and_is_parallel()
    {
        Assert.Equal(0, new KlDivergence(Reference).Value(0, Reference[0]), 1e-15);
        Assert.Equal(1, new CentredCosine(Reference).Value(0, Reference[0]), 1e-14);
        double[] gradient = new double[Vocabulary];
        new KlDivergence(Reference).Gradient(0, Reference[0], gradient);
        Assert.All(gradient, value => Assert.Equal(0, value, 1e-15));
    }

    [Fact]
    public void What_adds_one_number_to_all_logits_changes_no_metric()
    {
        foreach (Metric metric in (Metric[])[.. All, new Rank([4, 2]), new Accuracy([4, 2])])
        {
            double[] logits = Draw(3, Width(metric));
            Assert.Equal(metric.Value(0, logits), metric.Value(0, [.. logits.Select(logit => logit + 3.5)]), 1e-12);
        }
    }

    [Fact]
    public void No_metric_of_the_whole_vocabulary_hides_a_NaN()
    {
        foreach (Metric metric in ((Metric[])[.. All, new Rank([4, 2]), new Accuracy([4, 2])]).Where(metric => metric.Columns is null))
        {
            double[] logits = Draw(3, Width(metric));
            logits[metric.Scope == LogitScope.All ? Vocabulary + 2 : 8] = double.NaN;
            Assert.True(double.IsNaN(metric.Value(0, logits)), metric.Name);
        }
    }

    [Fact]
    public void Masked_logits_count_as_impossible_tokens()
    {
        double[] logits = Draw(3, Vocabulary);
        logits[8] = double.NegativeInfinity;
        double[] reference = Draw(4, Vocabulary);
        reference[8] = double.NegativeInfinity;
        double expected = Probabilities(reference).Zip(Probabilities(logits), (a, b) => a == 0 ? 0 : a * Math.Log(a / b)).Sum();
        Assert.Equal(expected, new KlDivergence([reference]).Value(0, logits), 1e-13);
        Assert.Equal(double.PositiveInfinity, new KlDivergence(Reference).Value(0, logits));
        Assert.Equal(double.NegativeInfinity, new LogProbability([8]).Value(0, logits));
    }

    [Fact]
    public void Metrics_that_jump_refuse_to_give_a_gradient()
    {
        foreach (Metric metric in new Metric[] { new Rank([1]), new Accuracy([1]), new CustomMetric("mine", (_, logits) => logits[0]) })
        {
            Assert.False(metric.Differentiable);
            Assert.Contains($"'{metric.Name}' has no gradient", Assert.Throws<CutawayException>(() => metric.Gradient(0, Reference[0], new double[Vocabulary])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_metric_of_ones_own_can_bring_its_gradient()
    {
        CustomMetric metric = new("first squared", (_, logits) => logits[0] * logits[0])
        {
            Derivative = (_, logits, gradient) =>
            {
                gradient.Clear();
                gradient[0] = 2 * logits[0];
            },
        };
        double[] gradient = new double[Vocabulary];
        metric.Gradient(0, Reference[0], gradient);
        Assert.True(metric.Differentiable);
        Assert.Equal(2 * Reference[0][0], gradient[0]);
    }

    [Fact]
    public void Every_name_makes_a_metric_of_that_name_for_a_model()
    {
        LanguageModel model = TestModels.Random();
        PairBatch pairs = PairBatch.Encode(model, new PromptPair("w1 w2 w3", "w1 w4 w3", "w5", "w6"));
        foreach (MetricChoice choice in Enum.GetValues<MetricChoice>())
        {
            Metric metric = choice.For(model, pairs);
            Assert.Equal(choice.ToString(), metric.Name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
            Assert.True(double.IsFinite(Cutaway.Planning.MetricReader.Read(metric, model.Run(pairs.Corrupt, [], metric.Scope).Logits)[0]));
        }

        Metric kl = MetricChoice.Kl.For(model, pairs);
        Assert.Equal(0, Cutaway.Planning.MetricReader.Read(kl, model.Run(pairs.Clean, [], kl.Scope).Logits)[0], 1e-14);
    }

    private static int Width(Metric metric) => metric.Columns?.Count ?? (metric.Scope == LogitScope.All ? Positions * Vocabulary : Vocabulary);

    private static double[] Draw(int seed, int count)
    {
        SeededRandom random = new((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextNormal())];
    }

    private static double[] Probabilities(double[] logits)
    {
        double sum = logits.Sum(Math.Exp);
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }
}
