using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Causal tracing against its definition written out with functions at single places, and against what must hold on any model.</summary>
public sealed class CausalTracingTests
{
    private const string Text = "w1 w2 w3 w4 w5 w6";

    private static readonly LanguageModel Model = TestModels.Random();

    private static readonly CausalTracing Request = new(Text, "w2 w3", "w7", Draws: 3, Seed: 5);

    [Fact]
    public void No_noise_has_no_effect_and_nothing_to_bring_back()
    {
        CausalTracingFinding finding = (Request with { Noise = 0 }).Run(Model);
        Assert.Equal(0, finding.TotalEffect, 1e-15);
        Assert.All(finding.Effects.SelectMany(row => row), effect => Assert.Equal(0, effect, 1e-15));
        Assert.Contains("no single state brings it back", finding.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void Restoring_what_the_answer_is_read_from_brings_all_of_it_back_and_what_nothing_reads_none()
    {
        CausalTracingFinding finding = Request.Run(Model);
        Assert.Equal([1, 2], finding.Subject);
        Assert.True(Math.Abs(finding.TotalEffect) > 1e-4, "the noise must matter");
        Assert.Equal(finding.TotalEffect, finding.Effects[1][5], 1e-14);
        Assert.All(finding.Effects[1].Take(5), effect => Assert.Equal(0, effect, 1e-15));
        Assert.All(finding.Effects, row => Assert.Equal(0, row[0]));
    }

    [Theory]
    [InlineData(TracedState.Hidden, SeveredPart.None, 0, 2)]
    [InlineData(TracedState.Hidden, SeveredPart.Mlp, 0, 5)]
    [InlineData(TracedState.Hidden, SeveredPart.Attention, 0, 5)]
    [InlineData(TracedState.Attention, SeveredPart.None, 1, 5)]
    [InlineData(TracedState.Mlp, SeveredPart.None, 1, 2)]
    public void An_effect_is_what_its_definition_says(TracedState over, SeveredPart severed, int layer, int position)
    {
        // A window of two around layer 1 is layers 0 and 1.
        CausalTracingFinding finding = (Request with { Over = over, Severed = severed, Window = over == TracedState.Hidden ? null : 2 }).Run(Model);
        SeededRandom random = new(5);
        double sum = 0;
        for (int draw = 0; draw < 3; draw++)
        {
            double[][] noise = [.. new[] { 1, 2 }.Select(_ => Enumerable.Range(0, Model.Config.DModel).Select(_ => 3 * finding.Spread * random.NextNormal()).ToArray())];
            LocalFunction add = Change("hook_embed", (vector, place) =>
            {
                for (int i = 0; place.Position is 1 or 2 && i < vector.Length; i++)
                {
                    vector[i] += noise[place.Position - 1][i];
                }
            });
            string[] restored = over switch
            {
                TracedState.Hidden => [$"blocks.{layer}.hook_resid_post"],
                TracedState.Attention => ["blocks.0.hook_attn_out", "blocks.1.hook_attn_out"],
                _ => ["blocks.0.hook_mlp_out", "blocks.1.hook_mlp_out"],
            };
            string[] cut = severed switch
            {
                SeveredPart.Mlp => ["blocks.1.hook_mlp_out"],
                SeveredPart.Attention => ["blocks.1.hook_attn_out"],
                _ => [],
            };
            Run clean = Model.Run(Text, Capture.All([.. restored.Select(name => new Site(name))]));
            Run noised = Model.Run(Text, [add, .. Capture.All([.. cut.Select(name => new Site(name))])]);
            PlanItem[] plan = [add, .. restored.Select(name => Put(name, clean)), .. cut.Select(name => Put(name, noised))];
            sum += P(Model.Run(Text, plan)) - P(noised);
            Assert.Equal(P(noised), finding.Corrupted[draw], 1e-14);
        }

        Assert.Equal(sum / 3, finding.Effects[layer][position], 1e-14);
        Assert.NotEqual(0, sum, 1e-5);

        LocalFunction Put(string site, Run from) => Change(site, (vector, place) =>
        {
            if (place.Position == position)
            {
                from[site].ToDoubles().AsSpan(position * vector.Length, vector.Length).CopyTo(vector);
            }
        });
    }

    [Fact]
    public void The_noise_is_three_standard_deviations_of_the_whole_embedding_matrix()
    {
        double[] values = Model.Network.Weights.Embedding.Decode<double>();
        double mean = values.Average();
        Assert.Equal(Math.Sqrt(values.Average(value => (value - mean) * (value - mean))), Request.Run(Model).Spread, 1e-14);
    }

    [Fact]
    public void Kinds_of_tokens_are_averaged_over_tokens_and_texts()
    {
        CausalTracingFinding two = Request.Run(Model);
        CausalTracingFinding one = (Request with { Subject = "w2" }).Run(Model);
        Assert.Equal(["first subject token", "last subject token", "first token after", "further tokens", "last token"], two.ByClass.Select(entry => entry.Tokens));
        Assert.Equal(["last subject token", "first token after", "further tokens", "last token"], one.ByClass.Select(entry => entry.Tokens));
        Assert.Equal((one.Effects[0][3] + one.Effects[0][4]) / 2, one.ByClass[2].ByLayer[0], 1e-16);
        IReadOnlyList<TokenClassEffect> both = CausalTracingFinding.Average([two, one]);
        Assert.Equal((two.Effects[0][2] + one.Effects[0][1]) / 2, both[1].ByLayer[0], 1e-16);
        Assert.Equal(two.Effects[0][1], both[0].ByLayer[0], 1e-16);
    }

    [Fact]
    public void On_the_wired_model_a_name_comes_back_from_its_own_place_and_then_from_the_end()
    {
        CausalTracingFinding finding = new CausalTracing().Run(LanguageModel.Load("wired"));
        int mary = finding.Tokens.ToList().IndexOf(" Mary");
        Assert.Equal([mary], finding.Subject);
        Assert.True(finding.TotalEffect > 0.5, finding.Headline);
        Assert.Equal(finding.Effects[0].Max(), finding.Effects[0][mary]);
        Assert.InRange(finding.Effects[0][mary] / finding.TotalEffect, 0.8, 1);
        Assert.Equal(finding.TotalEffect, finding.Effects[^1][^1], 1e-6);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Contains("name the words", Refused(Request with { Subject = null }), StringComparison.Ordinal);
        Assert.Contains("'w9' is not in the prompt", Refused(Request with { Subject = "w9" }), StringComparison.Ordinal);
        Assert.Contains("--over attention or mlp", Refused(Request with { Over = TracedState.Hidden, Window = 2 }), StringComparison.Ordinal);
        Assert.Contains("--over hidden", Refused(Request with { Over = TracedState.Mlp, Severed = SeveredPart.Mlp }), StringComparison.Ordinal);
        Assert.Contains("given as token ids", Refused(Request with { Prompt = Prompt.FromIds(1, 2) }), StringComparison.Ordinal);
        Assert.Contains("has no MLPs", Assert.Throws<CutawayException>(() => new CausalTracing(Over: TracedState.Mlp).Run(LanguageModel.Load("wired"))).Message, StringComparison.Ordinal);

        static string Refused(CausalTracing request) => Assert.Throws<CutawayException>(() => request.Run(Model)).Message;
    }

    private static LocalFunction Change(Site site, VectorFunction function) => LocalFunction.At(site, function);

    private static double P(Run run)
    {
        double[] logits = run.LastLogits();
        return Math.Exp(logits[7]) / logits.Sum(Math.Exp);
    }
}
