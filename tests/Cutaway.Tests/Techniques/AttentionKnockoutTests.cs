using Cutaway.Interventions;
using Cutaway.Organisms;
using Cutaway.Runs;
using Cutaway.Techniques.Causes;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

/// <summary>Attention knockout against patterns set by hand, and against a known circuit.</summary>
public sealed class AttentionKnockoutTests
{
    private const string Text = "w1 w2 w3 w4 w5 w6";

    private static readonly LanguageModel Model = TestModels.Random();

    [Fact]
    public void Blocking_keys_is_sharing_their_attention_among_the_others()
    {
        AttentionKnockoutFinding finding = new AttentionKnockout(Text, "w7", Window: 2).Run(Model);
        for (int key = 0; key < 6; key++)
        {
            Assert.Equal(WithPatterns("blocks.*.attn.hook_pattern", 5, key), finding.Probabilities[1][key], 1e-14);
            Assert.Equal(WithPatterns("blocks.0.attn.hook_pattern", 5, key), finding.Probabilities[0][key], 1e-14);
        }

        Assert.NotEqual(finding.Baseline, finding.Probabilities[1][2], 1e-6);

        static double WithPatterns(string site, int query, int key) => P(Model.Run(Text, LocalFunction.At(site, (pattern, place) =>
        {
            if (place.Position == query)
            {
                double rest = 1 - pattern[key];
                pattern[key] = 0;
                for (int i = 0; i < pattern.Length; i++)
                {
                    pattern[i] /= rest;
                }
            }
        })));
    }

    [Fact]
    public void A_position_kept_from_all_but_itself_reads_its_own_value_and_one_kept_from_all_nothing()
    {
        double itself = P(Model.Run(Text, LocalFunction.At("blocks.1.attn.hook_pattern", (pattern, place) =>
        {
            if (place.Position == 5)
            {
                pattern.Clear();
                pattern[5] = 1;
            }
        })));
        Assert.Equal(itself, new AttentionKnockout(Text, "w7", Keys: "w1 w2 w3 w4 w5", Window: 1).Run(Model).Probabilities[1][0], 1e-14);
        double nothing = P(Model.Run(Text, Ablate.Zero(new Sites.Site("blocks.1.attn.hook_z").At(5))));
        Assert.Equal(nothing, new AttentionKnockout(Text, "w7", Keys: Text, Window: 1).Run(Model).Probabilities[1][0], 1e-14);
    }

    [Fact]
    public void What_a_position_cannot_see_anyway_changes_nothing()
    {
        AttentionKnockoutFinding finding = new AttentionKnockout(Text, "w7", Queries: [2], Keys: "w4 w5", Window: 2).Run(Model);
        Assert.All(finding.Changes, row => Assert.Equal(0, row[0]));

        // Keys after the last query are not even tried.
        Assert.Equal(3, new AttentionKnockout(Text, "w7", Queries: [2, 0]).Run(Model).Probabilities[0].Count);
    }

    [Fact]
    public void One_head_at_a_time_is_that_head_alone()
    {
        AttentionKnockoutFinding finding = new AttentionKnockout(Text, "w7", Keys: "w2", ByHead: true).Run(Model);
        double expected = P(Model.Run(Text, LocalFunction.At("blocks.0.attn.hook_attn_scores", (scores, place) =>
        {
            if (place is { Position: 5, Head: 3 })
            {
                scores[1] = double.NegativeInfinity;
            }
        })));
        Assert.Equal(expected, finding.Probabilities[0][3], 1e-14);
        Assert.Equal((2, 4), (finding.Probabilities.Count, finding.Probabilities[0].Count));
    }

    [Fact]
    public void On_the_wired_model_the_head_that_must_look_at_Mary_is_the_name_mover()
    {
        AttentionKnockoutFinding finding = new AttentionKnockout(Keys: "Mary", ByHead: true).Run(LanguageModel.Load("wired"));
        double least = finding.Changes.Min(row => row.Min());
        CircuitHead mover = WiredCircuit.Load().Role("name-mover");
        Assert.Equal(least, finding.Changes[mover.Layer][mover.Head]);
        Assert.True(least < -0.9, finding.Headline);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Contains("--keys", Refused(new(Text, ByHead: true)), StringComparison.Ordinal);
        Assert.Contains("leave out --window", Refused(new(Text, Keys: "w2", ByHead: true, Window: 2)), StringComparison.Ordinal);
        Assert.Contains("--queries 6 is outside the prompt", Refused(new(Text, Queries: [6])), StringComparison.Ordinal);

        static string Refused(AttentionKnockout request) => Assert.Throws<CutawayException>(() => request.Run(Model)).Message;
    }

    private static double P(Run run)
    {
        double[] logits = run.LastLogits();
        return Math.Exp(logits[7]) / logits.Sum(Math.Exp);
    }
}
