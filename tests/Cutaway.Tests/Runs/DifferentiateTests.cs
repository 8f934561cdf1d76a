using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Runs;

/// <summary>Gradients through plans, against central differences in double precision.</summary>
public sealed class DifferentiateTests
{
    private const double Step = 1e-6;

    private static readonly LanguageModel Model = TestModels.TinyGpt2(dtype: DType.Float64);
    private static readonly TokenBatch Tokens = TokenBatch.Pad([[112, 71, 108, 73, 94, 55, 72], [112, 47, 20, 41]]);
    private static readonly LogitDifference Metric = new([5, 9], [8, 30]);
    private static readonly Site Middle = new("blocks.1.hook_resid_mid");

    /// <summary>One of every kind of change, and chains of them.</summary>
    public static TheoryData<string> Changes => [.. ByName.Keys];

    private static Dictionary<string, Intervention[]> ByName { get; } = new()
    {
        ["add"] = [Add.Vector(Middle, Random(48, 1), 0.7)],
        ["scale"] = [Scale.By(Middle, -0.4)],
        ["scale heads"] = [Scale.By(new Site("blocks.1.attn.hook_z") { Heads = [1, 4] }, 0.2)],
        ["replace at one position"] = [Replace.With(Middle with { Positions = [-2] }, Random(48, 2))],
        ["replace elements"] = [new Replace { Site = Middle, Values = Random(48, 2), Elements = [0, 3, 17] }],
        ["ablate"] = [Ablate.Zero(new Site("blocks.1.attn.hook_z") { Heads = [2] })],
        ["mean ablation"] = [new Ablate { Site = new Site("blocks.1.hook_mlp_out"), Mode = AblationMode.Mean, Values = Random(48, 3) }],
        ["project out"] = [ProjectOut.Direction(Middle, Random(48, 4))],
        ["affine"] = [new Affine { Site = Middle, Matrix = Tensor.Of(Random(48 * 48, 5).ToDoubles(), [48, 48]), Bias = Random(48, 6) }],
        ["clamp values"] = [new Clamp { Site = Middle, Minimum = -0.5, Maximum = 0.4 }],
        ["clamp a coefficient"] = [new Clamp { Site = Middle, Direction = Random(48, 7), Minimum = -0.05, Maximum = 0.05 }],
        ["clamp what was scaled and moved"] = [Scale.By(Middle, 1.5), Add.Vector(Middle, Random(48, 8)), new Clamp { Site = Middle, Minimum = -0.5, Maximum = 0.4 }, Scale.By(Middle, 2)],
        ["freeze a pattern"] = [Freeze.At(new Site("blocks.1.attn.hook_pattern"), Model.Run(Tokens, [Capture.At(new Site("blocks.1.attn.hook_pattern"))]))],
        ["scale scores"] = [Scale.By(new Site("blocks.1.attn.hook_attn_scores"), 0.5)],
        ["freeze a scale"] = [Freeze.At(new Site("blocks.1.ln1.hook_scale"), Model.Run(Tokens, [Capture.At(new Site("blocks.1.ln1.hook_scale"))]))],
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void The_gradient_of_an_added_vector_passes_every_kind_of_change(string name)
    {
        Site early = new("blocks.0.hook_resid_post");
        Tensor vector = Random(48, 11);
        Tensor direction = Random(48, 12);
        Add addition = Add.Vector(early, vector, 0.5);
        GradientRun run = Model.Differentiate(Tokens, Metric, [addition, .. ByName[name], CaptureGradient.At(early)]);
        double expected = (Value(Step) - Value(-Step)) / (2 * Step);
        Assert.Equal(expected, Dot(run.VectorGradient(addition), direction), 1e-8);

        // The vector is added, halved, at every position that the gradient at the site lists.
        double[] gradient = run.Gradient(early).ToDoubles();
        double[] sum = [.. Enumerable.Range(0, 48).Select(i => 0.5 * Enumerable.Range(0, gradient.Length / 48).Sum(row => gradient[(row * 48) + i]))];
        Golden.AssertClose(sum, run.VectorGradient(addition), 1e-12, "the sum over positions");

        double Value(double step)
        {
            Tensor moved = Tensor.Vector([.. vector.ToDoubles().Zip(direction.ToDoubles(), (v, d) => v + (step * d))]);
            return Model.Differentiate(Tokens, Metric, [Add.Vector(early, moved, 0.5), .. ByName[name]]).Values.Sum();
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Blocks_that_are_run_again_change_no_gradient_whatever_is_changed_in_them(string name)
    {
        Site early = new("blocks.0.hook_resid_post");
        Add addition = Add.Vector(early, Random(48, 11), 0.5);
        PlanItem[] plan = [addition, .. ByName[name], CaptureGradient.At(early)];
        GradientRun held = Model.Differentiate(Tokens, Metric, plan);
        GradientRun again = Differentiation.Run(Model, new ForwardPass<double>(Model.Network), new Tape<double> { Checkpoints = true }, Tokens, Metric, plan, default);
        Assert.Equal(held.Values, again.Values);
        Assert.Equal(held.Gradient(early).ToDoubles(), again.Gradient(early).ToDoubles());
        Assert.Equal(held.VectorGradient(addition).ToDoubles(), again.VectorGradient(addition).ToDoubles());
    }

    [Fact]
    public void A_hook_on_the_logits_sees_the_whole_vocabulary_and_changes_no_gradient()
    {
        Site logits = new("unembed.hook_out");
        Site site = new("blocks.1.hook_resid_mid");
        GradientRun some = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(site)]);
        GradientRun all = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(site), Capture.At(logits), CaptureGradient.At(logits)]);
        Golden.AssertClose([.. all.Values], Tensor.Vector([.. some.Values]), 1e-13, "the metric");
        Golden.AssertClose(all.Gradient(site).ToDoubles(), some.Gradient(site), 1e-13, "the gradient");
        Tensor gradient = all.Gradient(logits);
        Assert.Equal([2, 7, Model.Config.Vocabulary], gradient.Shape);
        Assert.Equal(all[logits].Shape, gradient.Shape);

        // The answer and what it is compared with, at the last position of each sequence; nothing elsewhere.
        Assert.Equal(4, gradient.ToDoubles().Count(value => value != 0));
        Assert.Equal(0, gradient.ToDoubles().Sum());
    }

    [Fact]
    public void Values_and_captures_are_those_of_a_plain_run()
    {
        Site site = new("blocks.2.hook_resid_pre");
        GradientRun found = Model.Differentiate(Tokens, Metric, [Scale.By(Middle, 0.3), Capture.At(site), CaptureGradient.At(site)]);
        Run plain = Model.Run(Tokens, [Scale.By(Middle, 0.3), Capture.At(site)], LogitScope.Last);
        Golden.AssertClose([plain.LastLogits(0)[5] - plain.LastLogits(0)[8], plain.LastLogits(1)[9] - plain.LastLogits(1)[30]], Tensor.Vector([.. found.Values]), 1e-13, "the metric");
        Golden.AssertClose(plain[site].ToDoubles(), found[site], 0, "the capture");
        Assert.Equal(found[site].Shape, found.Gradient(site).Shape);
        Assert.Equal(found[site].Axes, found.Gradient(site).Axes);
    }

    [Fact]
    public void A_gradient_at_some_heads_and_positions_is_that_part_of_the_whole()
    {
        Site whole = new("blocks.1.attn.hook_z");
        double[] all = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(whole)]).Gradient(whole).ToDoubles();
        Tensor part = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(whole with { Heads = [3], Positions = [-1] })]).Gradient(whole);
        Assert.Equal([2, 1, 1, 8], part.Shape);
        Golden.AssertClose([.. Enumerable.Range(0, 2).SelectMany(b => all.Skip((((b * 7) + 6) * 6 * 8) + (3 * 8)).Take(8))], part, 0, "head 3 at the end");
    }

    [Fact]
    public void Items_do_not_share_gradients()
    {
        Site site = new("hook_embed");
        double[] both = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(site)]).Gradient(site).ToDoubles();
        double[] second = Model.Differentiate(TokenBatch.Single([112, 47, 20, 41]), new LogitDifference([9], [30]), [CaptureGradient.At(site)]).Gradient(site).ToDoubles();
        Golden.AssertClose(second, Tensor.Vector(both[^second.Length..]), 1e-13, "the second item");
        Assert.All(both[(7 * 48)..^second.Length], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Code_before_the_first_gradient_is_passed_and_code_after_it_is_refused()
    {
        Site site = new("blocks.1.hook_resid_post");
        LocalFunction code = LocalFunction.At(Middle, (vector, _) => vector[0] += 1);
        Assert.NotEqual(0, Model.Differentiate(Tokens, Metric, [code, CaptureGradient.At(site)]).Gradient(site).At(0));
        CutawayException error = Assert.Throws<CutawayException>(() => Model.Differentiate(Tokens, Metric, [code, CaptureGradient.At(new Site("hook_embed"))]));
        Assert.Contains("blocks.1.hook_resid_mid", error.Message, StringComparison.Ordinal);
        Assert.Contains("no gradient", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_run_and_an_unasked_gradient_say_what_to_do()
    {
        Assert.Contains("Differentiate", Assert.Throws<CutawayException>(() => Model.Run(Tokens, [CaptureGradient.At(Middle)])).Message, StringComparison.Ordinal);
        GradientRun run = Model.Differentiate(Tokens, Metric, [CaptureGradient.At(Middle)]);
        Assert.Contains("CaptureGradient.At", Assert.Throws<CutawayException>(() => run.Gradient(new Site("hook_embed"))).Message, StringComparison.Ordinal);
    }

    private static Tensor Random(int count, int seed)
    {
        Random random = new(seed);
        return Tensor.Vector([.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)]);
    }

    private static double Dot(Tensor a, Tensor b) => a.ToDoubles().Zip(b.ToDoubles(), (x, y) => x * y).Sum();
}
