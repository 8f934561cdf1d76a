using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Planning;

/// <summary>A planned sweep measures what one full run for each experiment does, with as many multiply-adds as its plan says.</summary>
public sealed class SweepTests
{
    private static readonly Dictionary<string, Func<NetworkConfig, NetworkConfig>> Families = new(StringComparer.Ordinal)
    {
        ["grouped queries, rotary, gated"] = config => config,
        ["plain"] = TestModels.Plain,
        ["parallel"] = config => TestModels.Plain(config) with { Block = BlockKind.Parallel },
        ["parallel, shared norm"] = config => config with { Block = BlockKind.ParallelSharedNorm },
        ["head norms"] = config => config with { QueryKeyNorm = QueryKeyNorm.Head },
        ["post norms, caps"] = config => config with { NormPlacement = NormPlacement.BeforeAndAfter, ScoreSoftCap = 5, LogitSoftCap = 3, EmbeddingScale = 3.5 },
        ["windows"] = config => config with { LayerConfigs = [config.LayerConfigs[0] with { Window = 3 }, config.LayerConfigs[1]] },
        ["attention only"] = config => config with { DMlp = 0, GatedMlp = false },
        ["sinks, biases by distance"] = config => config with
        {
            AttentionSinks = true,
            AlibiSlopes = [0.5, 0.3, 0.2, 0.1],
            ScoreBuckets = new RelativeBuckets(8, 6, BothWays: false),
        },
        ["both ways"] = config => config with { Causal = false, ScoreBuckets = new RelativeBuckets(8, 6, BothWays: true) },
        ["experts"] = config => config with { LayerConfigs = [config.LayerConfigs[0] with { Experts = Mixture(0) }, config.LayerConfigs[1] with { Experts = Mixture(6) }] },
        ["latent attention"] = config => config with
        {
            KeyValueHeads = 4,
            DHead = 6,
            DValue = 5,
            Latent = new LatentConfig(8, 7, 4),
            LayerConfigs = [.. config.LayerConfigs.Select(layer => layer with { Rotary = layer.Rotary! with { First = 2, Interleaved = true } })],
        },
        ["norm of the embedding"] = config => config with { EmbeddingNorm = true },
        ["norms on the stream"] = config => TestModels.Plain(config) with { NormPlacement = NormPlacement.OnSum, InputNorm = true, TokenTypes = 2, Causal = false, HeadTransform = true },
        ["norms on the stream, causal"] = config => TestModels.Plain(config) with { NormPlacement = NormPlacement.OnSum },
        ["an encoder's output"] = config => config with { Encoder = config with { Causal = false }, MemoryLength = 5 },
        ["shortformer"] = config => TestModels.Plain(config) with { Positions = PositionKind.Shortformer },
    };

    public static TheoryData<string, DType, string> Cases()
    {
        TheoryData<string, DType, string> data = [];
        foreach (string family in Families.Keys)
        {
            data.Add(family, DType.Float64, "equal");
        }

        foreach (string padding in new[] { "left", "right" })
        {
            data.Add("plain", DType.Float64, padding);
            data.Add("windows", DType.Float64, padding);
        }

        data.Add("plain", DType.Float32, "left");
        data.Add("grouped queries, rotary, gated", DType.Float32, "equal");
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_planned_sweep_equals_the_naive_one_at_every_site_for_every_intervention(string family, DType dtype, string padding)
    {
        LanguageModel model = TestModels.Random(Families[family], dtype);
        (TokenBatch prompts, TokenBatch others) = Prompts(padding);
        Variant[] variants = [.. Variants(model, prompts, others)];
        LogitDifference metric = new([3, 4, 5], [6, 7, 8]);
        foreach (Metric measured in family is "plain" or "windows" ? new Metric[] { metric, new EveryLogit() } : [metric])
        {
            Sweep sweep = new(prompts, measured, variants);
            SweepResult naive = (sweep with { Naive = true }).Run(model);
            SweepResult planned = sweep.Run(model);
            double tolerance = dtype == DType.Float64 ? 1e-10 : 1e-4;
            AssertClose(naive.Baseline, planned.Baseline, tolerance, "baseline");
            for (int i = 0; i < variants.Length; i++)
            {
                AssertClose(naive.Values[i], planned.Values[i], tolerance, variants[i].Name);
            }

            SweepPlan plan = sweep.Plan(model);
            Assert.Equal(plan.MultiplyAdds, planned.MultiplyAdds);
            Assert.True(planned.Bytes <= plan.BatchBytes + 4096, $"{planned.Bytes} bytes, {plan.BatchBytes} expected at most");
        }
    }

    [Fact]
    public void What_changes_nothing_is_not_run()
    {
        LanguageModel model = TestModels.Random();
        (TokenBatch prompts, _) = Prompts("equal");
        Run same = model.Run(prompts, Capture.All(Site.AllResidPre));
        Sweep sweep = new(prompts, new LogitDifference([3, 4, 5], [6, 7, 8]), [new Variant("same", Replace.With(Site.ResidPre(1), same)), new Variant("none")]);
        SweepPlan plan = sweep.Plan(model);
        Assert.Equal((2, 0), (plan.Unchanged, plan.Batches));
        SweepResult result = sweep.Run(model);
        Assert.Equal(result.Baseline, result.Values[0]);
        Assert.Equal(result.Baseline, result.Values[1]);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("grouped queries, rotary, gated")]
    public void Noise_at_the_embeddings_is_in_every_run_and_costs_none_again(string family)
    {
        LanguageModel model = TestModels.Random(Families[family]);
        (TokenBatch prompts, TokenBatch others) = Prompts("equal");
        SeededRandom random = new(1);
        double[] noise = [.. Enumerable.Range(0, 3 * 7 * model.Config.DModel).Select(_ => random.NextNormal())];
        Intervention change = Add.Vector(new Site("hook_embed").At(1, 2), Tensor.Of(noise, [3, 7, model.Config.DModel]));

        // Putting another value in the place of what has the noise would be refused.
        Variant[] variants = [.. Variants(model, prompts, others).Where(variant => variant.Interventions.All(item => item.Site.Name != "hook_embed"))];
        Sweep sweep = new(prompts, new LogitDifference([3, 4, 5], [6, 7, 8]), variants) { Base = [change] };
        SweepResult planned = sweep.Run(model);
        SweepResult naive = (sweep with { Naive = true }).Run(model);
        AssertClose(naive.Baseline, planned.Baseline, 1e-10, "baseline");
        for (int i = 0; i < variants.Length; i++)
        {
            AssertClose(naive.Values[i], planned.Values[i], 1e-10, variants[i].Name);
        }

        Assert.NotEqual((sweep with { Base = [] }).Run(model).Baseline[0], planned.Baseline[0], 1e-3);
        Assert.True(planned.MultiplyAdds < sweep.Plan(model).NaiveMultiplyAdds);
        Assert.Throws<CutawayException>(() => (sweep with { Base = [Ablate.Zero(Site.ResidPre(0))] }).Run(model));
    }

    [Fact]
    public void A_batch_stays_within_the_memory_allowed_and_a_sweep_in_small_batches_measures_the_same()
    {
        LanguageModel model = TestModels.Random();
        (TokenBatch prompts, TokenBatch others) = Prompts("equal");
        Run other = model.Run(others, Capture.All(Site.AllZ, Site.AllResidPre));
        Sweep sweep = new(prompts, new LogitDifference([3, 4, 5], [6, 7, 8]),
        [
            .. Enumerable.Range(0, 8).Select(i => new Variant($"head {i}", Replace.With(Site.Z(i / 4, i % 4), other))),
            .. Enumerable.Range(0, 14).Select(i => new Variant($"stream {i}", Scale.By(Site.ResidPre(i / 7).At(i % 7), 0.5))),
        ]);
        SweepPlan whole = sweep.Plan(model);
        Sweep small = sweep with { MemoryBudget = whole.BatchBytes / 3 };
        SweepPlan plan = small.Plan(model);
        Assert.Equal(1, whole.Batches);
        Assert.True(plan.Batches >= 3 && plan.BatchBytes <= small.MemoryBudget);
        SweepResult result = small.Run(model);
        Assert.True(result.Bytes <= small.MemoryBudget);
        Assert.Equal(plan.MultiplyAdds, result.MultiplyAdds);
        Assert.True(plan.MultiplyAdds < plan.NaiveMultiplyAdds / 2);
        SweepResult expected = sweep.Run(model);
        Assert.All(Enumerable.Range(0, 22), i => AssertClose(expected.Values[i], result.Values[i], 1e-10, $"{i}"));
        Assert.Contains("allow more memory", Assert.Throws<CutawayException>(() => (sweep with { MemoryBudget = 5000 }).Plan(model)).Message, StringComparison.Ordinal);
        Assert.Contains("block 1, MLP, from position 2: 4 × 15 rows", whole.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sweep_that_was_cancelled_goes_on_where_it_was(bool naive)
    {
        LanguageModel model = TestModels.Random();
        (TokenBatch prompts, _) = Prompts("equal");
        Sweep sweep = new(prompts, new LogitDifference([3, 4, 5], [6, 7, 8]),
            [.. Enumerable.Range(0, 14).Select(i => new Variant($"stream {i}", Scale.By(Site.ResidPre(i / 7).At(i % 7), 0.5)))])
        { Naive = naive };
        sweep = sweep with { MemoryBudget = sweep.Plan(model).BatchBytes / 3 };
        double[][] expected = sweep.Run(model).Values;
        using CancellationTokenSource source = new();
        Progress impatient = new((_, share) => { if (share > 0.3) { source.Cancel(); } }, source.Token);
        SweepResult done = Assert.Throws<SweepCancelledException>(() => sweep.Run(model, impatient)).Done;
        int kept = done.Values.Count(values => values.Length > 0);
        Assert.InRange(kept, 1, 13);
        Assert.False(done.IsComplete);
        Assert.Equal(expected, sweep.Run(model, default, done).Values);

        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "sweep.json");
        using CancellationTokenSource again = new();
        SweepCancelledException stopped = Assert.Throws<SweepCancelledException>(() =>
            SweepCheckpoint.Run(sweep, model, path, new Progress((_, share) => { if (share > 0.3) { again.Cancel(); } }, again.Token)));
        Assert.Equal(path, stopped.Checkpoint);
        Assert.Contains($"kept in {path}", stopped.Message, StringComparison.Ordinal);
        double first = 0;
        SweepResult resumed = SweepCheckpoint.Run(sweep, model, path, new Progress((_, share) => first = first == 0 ? share : first));
        Assert.True(first > 0.2, "what the file holds is not done again");
        Assert.Equal(expected, resumed.Values);
        Assert.Contains("another sweep", Assert.Throws<CutawayException>(() => SweepCheckpoint.Run(sweep with { Variants = [.. sweep.Variants.Reverse()] }, model, path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "{");
        Assert.Contains("not a sweep's checkpoint", Assert.Throws<CutawayException>(() => SweepCheckpoint.Run(sweep, model, path)).Message, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Theory]
    [InlineData("2GB", 2_000_000_000)]
    [InlineData("512 MB", 512_000_000)]
    [InlineData("1.5kb", 1500)]
    [InlineData("4096", 4096)]
    public void Amounts_of_memory_are_read_and_written(string text, long bytes)
    {
        Assert.Equal(bytes, MemorySize.Parse(text).Bytes);
        Assert.Equal(bytes, MemorySize.Parse(MemorySize.Parse(text).ToString()).Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("-1GB")]
    [InlineData("0")]
    public void What_is_no_amount_of_memory_is_refused(string text) => Assert.Throws<FormatException>(() => MemorySize.Parse(text));

    private static ExpertConfig Mixture(int shared) =>
        new(5, 2, 8, new ExpertRouting(ExpertScoring.Softmax, Renormalize: true)) { SharedWidth = shared, SharedGate = shared > 0 };

    private static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"{what}, item {i}: {actual[i]}, {expected[i]} expected");
        }
    }

    // The second prompts share their first tokens with the first ones.
    private static (TokenBatch Prompts, TokenBatch Others) Prompts(string padding)
    {
        int[] lengths = padding == "equal" ? [7, 7, 7] : [7, 5, 4];
        int[][] rows = [.. lengths.Select((length, b) => Enumerable.Range(0, length).Select(i => ((i * 5) + (b * 3) + 1) % 29).ToArray())];
        int[][] changed = [.. rows.Select(row => row.Select((id, i) => i == 2 ? (id + 7) % 29 : id).ToArray())];
        bool left = padding != "right";
        return (TokenBatch.Pad(rows, left: left), TokenBatch.Pad(changed, left: left));
    }

    private static IEnumerable<Variant> Variants(LanguageModel model, TokenBatch prompts, TokenBatch others)
    {
        HookTable hooks = model.Network.Hooks;
        bool split = hooks.Find(HookKind.AttentionIn, 0) is not null;
        foreach (HookPoint point in hooks.Points)
        {
            Run other = model.Run(others, [Capture.At(new Site(point.Name))], LogitScope.None);
            Tensor values = other[point.Name];
            Site whole = new(point.Name);
            yield return new Variant($"{point.Name} replaced", Replace.With(whole, values));
            yield return new Variant($"{point.Name} frozen at two places", new Freeze { Site = whole.At(1, 3), Values = values });
            if (point.Kind == HookKind.ExpertIndices)
            {
                // Nothing between two experts can be chosen.
                continue;
            }

            yield return new Variant($"{point.Name} scaled at one place", Scale.By(whole.At(-1), 1.25));
            if (point.Kind is not (HookKind.AttentionScores or HookKind.AttentionNormScale or HookKind.MlpNormScale or HookKind.FinalNormScale
                or HookKind.EmbedNormScale or HookKind.InputNormScale or HookKind.SumNormScale or HookKind.CrossNormScale or HookKind.CrossScores or HookKind.QueryNormScale or HookKind.KeyNormScale or HookKind.AttentionPostNormScale or HookKind.MlpPostNormScale))
            {
                yield return new Variant($"{point.Name} zeroed at one place", Ablate.Zero(whole.At(3)));
                yield return new Variant($"{point.Name} resampled", new Ablate { Site = whole, Mode = AblationMode.Resample, Values = values, Seed = 3 });
                yield return new Variant($"{point.Name} averaged", new Ablate { Site = whole.At(2), Mode = AblationMode.Mean, Values = values });
                yield return new Variant($"{point.Name} clamped", new Clamp { Site = whole.At(2, -1), Minimum = -0.2, Maximum = 0.3 });
            }

            if (point.Extents[^1] > 1)
            {
                Tensor direction = Tensor.Of([.. Enumerable.Range(0, point.Extents[^1]).Select(i => Math.Cos(i))], [point.Extents[^1]]);
                yield return new Variant($"{point.Name} pushed", Add.Vector(whole.At(3), direction, 0.5));
                yield return new Variant($"{point.Name} by code", LocalFunction.At(whole.At(-2), (vector, context) => vector[0] += context.Sequence + 1));
                yield return new Variant($"{point.Name} elements", new Replace { Site = whole, Values = values, Elements = [0, 1] });
            }

            if (point.HeadAxis >= 0)
            {
                yield return new Variant($"{point.Name} head 1", Replace.With(whole with { Heads = [1] }, values));
                yield return new Variant($"{point.Name} head 0 at 3", Replace.With(whole with { Heads = [0], Positions = [3] }, values));
            }
        }

        Run all = model.Run(others, Capture.All(Site.AllResidPre, Site.AllZ, Site.AllPatterns), LogitScope.None);
        yield return new Variant("two layers", Replace.With(Site.Z(0, 1), all), Replace.With(Site.Z(1, 2), all));
        yield return new Variant("an earlier position later", Replace.With(Site.ResidPre(0).At(3), all), Scale.By(Site.ResidPre(1).At(0), 2));
        yield return new Variant("pattern and stream", Replace.With(Site.Pattern(0, 2), all), Replace.With(Site.ResidPre(1).At(2), all));
        yield return new Variant("mixed values, then what attention adds", Replace.With(Site.Z(0, 1), all), Scale.By(Site.AttnOut(0), 0.5));
        yield return new Variant("a head, everything else held", [Ablate.Zero(Site.Z(0, 0)), .. Held(model, prompts)]);
        yield return new Variant("embedding, then logits", Scale.By("hook_embed", 1.5), Scale.By("unembed.hook_out", 0.5));
        yield return new Variant("embedding and stream", Scale.By(new Site("hook_embed").At(2), 1.5), Scale.By(Site.ResidPre(0).At(3), 0.5));
        if (!model.Config.AttentionOnly)
        {
            yield return new Variant("MLP, then stream", Scale.By(Site.MlpOut(0).At(2), 0.5), Scale.By(Site.ResidPost(0).At(3), 1.5), Scale.By(Site.ResidPre(1).At(4 - 1), 2));
        }

        if (split)
        {
            yield return new Variant("inputs of two kinds", Scale.By(new Site("blocks.1.hook_attn_in") { Heads = [1], Positions = [3] }, 0.5), Scale.By(new Site("blocks.1.hook_k_input").At(2), 0.5));
        }
    }

    private static IEnumerable<Intervention> Held(LanguageModel model, TokenBatch prompts)
    {
        Run own = model.Run(prompts, Capture.All(Site.AllZ), LogitScope.None);
        return Enumerable.Range(1, model.Config.Layers - 1).Select(layer => Freeze.At(Site.Z(layer), own));
    }

    /// <summary>Reads every logit of every position.</summary>
    private sealed record EveryLogit : Metric
    {
        public override string Name => "every-logit";

        public override LogitScope Scope => LogitScope.All;

        public override double Value(int item, ReadOnlySpan<double> logits)
        {
            double sum = 0;
            for (int i = 0; i < logits.Length; i++)
            {
                sum += Math.Sin(i + 1) * logits[i];
            }

            return sum;
        }
    }
}
