using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Decoding;

/// <summary>Searches against searching everything, and against runs of the whole text without a cache.</summary>
public sealed class SearchTests
{
    private const int End = 3;
    private static readonly int[] Start = [0, 2, 1];
    private static readonly LanguageModel Random = TestModels.Random();

    // Five words, so that all texts of a few tokens can be tried.
    private static readonly LanguageModel Tiny = Words(5, End);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(4, 0.5)]
    [InlineData(2, -1)]
    public void A_beam_wide_enough_finds_the_best_of_all_texts(int most, double penalty)
    {
        // A search that never ends early and never drops a beginning sees every text.
        GenerationOptions options = new() { MaxTokens = most, Strategy = new BeamSearch { Beams = 640, LengthPenalty = penalty, EarlyStopping = EarlyStopping.Never } };
        (int[] Ids, double Score)[] all = [.. Texts(most).OrderByDescending(text => text.Score)];
        Generation best = Tiny.Generate(Prompt.FromIds(Start), options);
        Generation[] found = [best, .. best.Alternatives];
        Assert.Equal(all.Length, found.Length);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(all[i].Score, found[i].Score, 1e-9);
            Assert.Equal(all[i].Ids, found[i].Ids);
        }

        IEnumerable<(int[] Ids, double Score)> Texts(int length)
        {
            Queue<(int[] Ids, double Sum)> open = new([([], 0)]);
            while (open.TryDequeue(out (int[] Ids, double Sum) text))
            {
                double[] logits = Tiny.Run(TokenBatch.Single([.. Start, .. text.Ids]), [], LogitScope.Last).LastLogits();
                for (int id = 0; id < 5; id++)
                {
                    int[] longer = [.. text.Ids, id];
                    double sum = text.Sum + logits[id] - Softmax.LogSumExp<double>(logits);
                    if (id == End || longer.Length == length)
                    {
                        yield return (longer, sum / Math.Pow(longer.Length, penalty));
                    }
                    else
                    {
                        open.Enqueue((longer, sum));
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(3, 1, 0.0)]
    [InlineData(4, 2, 0.7)]
    [InlineData(6, 3, 0.2)]
    public void A_narrow_beam_is_the_textbook_search(int beams, int groups, double diversity)
    {
        GenerationOptions options = new()
        {
            MaxTokens = 6,
            RepetitionPenalty = 1.2,
            Strategy = new BeamSearch { Beams = beams, Groups = groups, DiversityPenalty = diversity, EarlyStopping = EarlyStopping.Never },
        };
        Generation best = Tiny.Generate(Prompt.FromIds(Start), options);
        List<(int[] Ids, double Score)> expected = Textbook(beams / groups, groups, diversity, 6, 1.2);
        Generation[] found = [best, .. best.Alternatives];
        Assert.Equal(expected.Count, found.Length);
        for (int i = 0; i < found.Length; i++)
        {
            Assert.Equal(expected[i].Score, found[i].Score, 1e-9);
        }

        Assert.Equal(expected[0].Ids, best.Ids);
    }

    [Fact]
    public void One_beam_is_the_greedy_choice_and_a_plan_holds_in_every_beam()
    {
        PlanItem[] plan = [Scale.By("blocks.0.attn.hook_z", 1.7), Ablate.Zero(Site.MlpOut(1).At(4))];
        GenerationOptions options = new() { MaxTokens = 8 };
        Generation greedy = Random.Generate(Prompt.FromIds(Start), options, plan);
        Assert.Equal(greedy.Ids, Random.Generate(Prompt.FromIds(Start), options with { Strategy = new BeamSearch { Beams = 1 } }, plan).Ids);
        Assert.Equal(greedy.Ids, Random.Generate(Prompt.FromIds(Start), options with { Strategy = new ContrastiveSearch { Alpha = 0 } }, plan).Ids);
        Generation beams = Random.Generate(Prompt.FromIds(Start), options with { Strategy = new BeamSearch { Beams = 5 } }, plan);
        double sum = 0;
        for (int i = 0; i < 8; i++)
        {
            int[] text = [.. Start, .. beams.Ids.Take(i)];
            double[] logits = Random.Run(TokenBatch.Single(text), text.Length > 4 ? plan : plan[..1], LogitScope.Last).LastLogits();
            sum += logits[beams.Ids[i]] - Softmax.LogSumExp<double>(logits);
            Assert.Equal(logits[beams.Ids[i]] - Softmax.LogSumExp<double>(logits), beams.LogProbabilities[i], 1e-9);
        }

        Assert.Equal(sum / 8, beams.Score, 1e-9);
    }

    [Theory]
    [InlineData(0.3, 3)]
    [InlineData(0.6, 5)]
    [InlineData(1.0, 4)]
    public void Contrastive_search_is_its_definition_without_a_cache(double alpha, int candidates)
    {
        Generation generation = Random.Generate(Prompt.FromIds(Start), new GenerationOptions { MaxTokens = 8, Strategy = new ContrastiveSearch { Alpha = alpha, Candidates = candidates } });
        List<int> text = [.. Start];
        for (int i = 0; i < 8; i++)
        {
            double[] logits = Random.Run(TokenBatch.Single(text), [], LogitScope.Last).LastLogits();
            double[] p = [.. logits.Select(logit => Math.Exp(logit - Softmax.LogSumExp<double>(logits)))];
            int best = Enumerable.Range(0, p.Length).OrderByDescending(id => p[id]).Take(candidates).MaxBy(id =>
            {
                double[] states = Random.Run(TokenBatch.Single([.. text, id]), [Capture.At("unembed.hook_in")], LogitScope.None)["unembed.hook_in"].ToDoubles();
                double[] own = states[^12..];
                return ((1 - alpha) * p[id]) - (alpha * Enumerable.Range(0, text.Count).Max(at => Cosine(own, states[(at * 12)..((at + 1) * 12)])));
            });
            Assert.Equal(best, generation.Ids[i]);
            text.Add(best);
        }
    }

    [Fact]
    public void Dola_is_its_definition_without_a_cache()
    {
        LanguageModel model = TestModels.TinyGpt2(dtype: DType.Float64);
        Dola dola = new() { Layers = [0, 1, 2], RelativeTop = 0.3 };
        Generation[] generations = [.. model.Generate([Prompt.FromIds(5, 9, 60), Prompt.FromIds(8)], new GenerationOptions { MaxTokens = 6, Strategy = dola, RepetitionPenalty = 1.2 })];
        foreach (Generation generation in generations)
        {
            List<int> text = [.. generation.Prompt];
            foreach (int chosen in generation.Ids)
            {
                Run run = model.Run(TokenBatch.Single(text), Capture.All(Site.AllResidPre));
                double[] own = LogSoftmax(run.LastLogits());
                double[][] early = [.. dola.Layers.Select(layer => LogSoftmax(model.Unembed(run[Site.ResidPre(layer)]).ToDoubles()[^own.Length..]))];
                double[] other = early.MaxBy(layer => Divergence(own, layer))!;
                double[] scores = [.. own.Select((value, id) => Math.Exp(value) < 0.3 * Math.Exp(own.Max()) ? double.NegativeInfinity : value - other[id])];
                foreach (int id in text.Distinct())
                {
                    scores[id] = scores[id] < 0 ? scores[id] * 1.2 : scores[id] / 1.2;
                }

                Assert.Equal(Reductions.ArgMax<double>(scores), chosen);
                text.Add(chosen);
            }
        }
    }

    private static List<(int[] Ids, double Score)> Textbook(int size, int groups, double diversity, int most, double repetition)
    {
        List<(int[] Ids, double Sum)>[] running = [.. Enumerable.Range(0, groups).Select(_ => new List<(int[], double)> { ([], 0) })];
        List<(int[] Ids, double Score)>[] finished = [.. Enumerable.Range(0, groups).Select(_ => new List<(int[], double)>())];
        bool[] done = new bool[groups];
        for (int step = 1; step <= most; step++)
        {
            List<int> chosen = [];
            for (int g = 0; g < groups; g++)
            {
                if (done[g])
                {
                    continue;
                }

                List<(int[] Ids, double Sum)> candidates = [];
                foreach ((int[] ids, double sum) in running[g])
                {
                    int[] text = [.. Start, .. ids];
                    double[] scores = LogSoftmax(Tiny.Run(TokenBatch.Single(text), [], LogitScope.Last).LastLogits());
                    for (int id = 0; id < 5; id++)
                    {
                        double score = scores[id] - (diversity * chosen.Count(other => other == id));
                        candidates.Add(([.. ids, id], sum + (text.Contains(id) ? score * repetition : score)));
                    }
                }

                (int[] Ids, double Sum)[] best = [.. candidates.OrderByDescending(candidate => candidate.Sum).Take(2 * size)];
                finished[g].AddRange(best.Take(size).Where(text => text.Ids[^1] == End || step == most).Select(text => (text.Ids, text.Sum / step)));
                finished[g] = [.. finished[g].OrderByDescending(text => text.Score).Take(size)];
                running[g] = [.. best.Where(text => text.Ids[^1] != End).Take(size)];
                chosen.AddRange(running[g].Select(text => text.Ids[^1]));
                done[g] = finished[g].Count == size && running[g][0].Sum / most <= finished[g][^1].Score;
            }
        }

        return [.. finished.SelectMany(group => group).OrderByDescending(text => text.Score)];
    }

    private static LanguageModel Words(int count, int end)
    {
        LanguageModel model = TestModels.Random(config => config with { Vocabulary = count });
        return new LanguageModel("tiny", model.Network, new WordTokenizer([.. Enumerable.Range(0, count).Select(i => $"w{i}")]) { EndOfText = end }, model.DType);
    }

    private static double[] LogSoftmax(double[] logits) => [.. logits.Select(logit => logit - Softmax.LogSumExp<double>(logits))];

    private static double Divergence(double[] logP, double[] logQ)
    {
        double[] middle = [.. logP.Zip(logQ, (p, q) => (Math.Exp(p) + Math.Exp(q)) / 2)];
        return (Kl(logP) + Kl(logQ)) / 2;

        double Kl(double[] log) => log.Select((value, id) => Math.Exp(value) * (value - Math.Log(middle[id]))).Sum();
    }

    private static double Cosine(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(y => y * y));
}
