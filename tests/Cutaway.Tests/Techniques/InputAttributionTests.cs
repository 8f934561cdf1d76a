using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed class InputAttributionTests
{
    private static readonly Prompt Text = Prompt.FromIds([3, 9, 4, 7, 11]);

    [Theory]
    [InlineData(InputBaseline.Mean)]
    [InlineData(InputBaseline.Corrupted)]
    public void Integrated_gradients_sum_to_the_difference_the_closer_the_more_steps(InputBaseline baseline)
    {
        LanguageModel model = TestModels.TinyGpt2(dtype: DType.Float64);
        Prompt? corrupt = baseline == InputBaseline.Corrupted ? Prompt.FromIds([3, 8, 4, 7, 12]) : null;
        InputAttributionFinding few = Run(40);
        InputAttributionFinding many = Run(80);
        Assert.NotEqual(0, few.Value - few.BaselineValue!.Value, 1e-2);
        Assert.Equal(0, many.CompletenessError!.Value, 1e-2);

        // The rule of middles errs by the square of the step.
        Assert.InRange(Math.Abs(few.CompletenessError!.Value / many.CompletenessError!.Value), 3.5, 4.5);
        if (corrupt is not null)
        {
            // Tokens that are the same in both contribute nothing.
            Assert.All(new[] { 0, 2, 3 }, i => Assert.Equal(0, many.Attributions[i]));
        }

        InputAttributionFinding Run(int steps) => new IntegratedGradients(Text, " w5", " w6", baseline, corrupt, steps).Run(model);
    }

    [Fact]
    public void In_a_linear_network_one_step_is_complete_and_gradient_times_input_says_the_same()
    {
        LanguageModel model = TestModels.Random(config => TestModels.Plain(config) with
        {
            Norm = NormKind.None,
            DMlp = 0,
            LayerConfigs = [.. config.LayerConfigs.Select(layer => layer with { Rotary = null, AttentionScale = 0 })],
        });
        InputAttributionFinding integrated = new IntegratedGradients(Text, " w5", " w6", Steps: 1).Run(model);
        InputAttributionFinding product = new GradientTimesInput(Text, " w5", " w6").Run(model);
        Assert.Equal(0, integrated.CompletenessError!.Value, 1e-10);
        Golden.AssertClose(integrated.Attributions, product.Attributions, 1e-10, "attributions");
    }

    [Fact]
    public void Gradient_times_input_is_the_slope_along_each_tokens_embedding()
    {
        LanguageModel model = TestModels.Random();
        InputAttributionFinding finding = new GradientTimesInput(Text, " w5").Run(model);
        for (int position = 0; position < 5; position++)
        {
            const double Small = 1e-5;
            double up = Measure(position, 1 + Small);
            double down = Measure(position, 1 - Small);
            Assert.Equal((up - down) / (2 * Small), finding.Attributions[position], 1e-6);
        }

        double Measure(int position, double factor)
        {
            double[] logits = model.Run(Text, new Scale { Site = new Sites.Site("hook_embed").At(position), Factor = factor }).LastLogits();
            double largest = logits.Max();
            return logits[5] - largest - Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
        }
    }

    [Fact]
    public void Baselines_that_do_not_fit_are_refused()
    {
        LanguageModel model = TestModels.TinyGpt2();
        Assert.Contains("as many", Assert.Throws<CutawayException>(() => new IntegratedGradients(Text, " w5", Baseline: InputBaseline.Corrupted, Corrupt: Prompt.FromIds([1])).Run(model)).Message, StringComparison.Ordinal);
        Assert.Contains("--baseline corrupted", Assert.Throws<CutawayException>(() => new IntegratedGradients(Text, " w5", Corrupt: Text).Run(model)).Message, StringComparison.Ordinal);
    }
}
