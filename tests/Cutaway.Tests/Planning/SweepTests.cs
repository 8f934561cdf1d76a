using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
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
        ["head norms"] = config => config with { HeadNorms = true },
        ["post norms, caps"] = config => config with { PostNorms = true, ScoreSoftCap = 5, LogitSoftCap = 3, EmbeddingScale = 3.5 },
        ["windows"] = config => config with { LayerConfigs = [config.LayerConfigs[0] with { Window = 3 }, config.LayerConfigs[1]] },
        ["attention only"] = config => config with { DMlp = 0, GatedMlp = false },
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
            yield return new Variant($"{point.Name} scaled at one place", Scale.By(whole.At(-1), 1.25));
            if (point.Kind is not (HookKind.AttentionScores or HookKind.AttentionNormScale or HookKind.MlpNormScale or HookKind.FinalNormScale
                or HookKind.QueryNormScale or HookKind.KeyNormScale or HookKind.AttentionPostNormScale or HookKind.MlpPostNormScale))
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
                yield return new Variant($"{point.Name} elements", new Replace { Site = whole, Values = values, Elements = [1, 2] });
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
