using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Interventions;

/// <summary>Each record against its formula: at the last residual stream, whose logits are the final norm and the unembedding of what it becomes.</summary>
public sealed class RecordTests
{
    private static readonly LanguageModel Model = TestModels.Random();
    private static readonly TokenBatch Tokens = TokenBatch.Pad([[3, 7, 11, 3, 5], [2, 9, 4, 8, 1]]);
    private static readonly TokenBatch Other = TokenBatch.Pad([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]]);
    private static readonly Site End = Site.ResidPost(1);
    private static readonly double[] Direction = [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i + 1))];

    [Fact]
    public void Add_adds_a_vector_times_its_factor() =>
        AssertChanges(Add.Vector(End, Tensor.Vector(Direction), 2.5), (x, _, _) => [.. x.Zip(Direction, (a, b) => a + (2.5 * b))]);

    [Fact]
    public void Scale_multiplies() => AssertChanges(Scale.By(End, -0.5), (x, _, _) => [.. x.Select(a => -0.5 * a)]);

    [Fact]
    public void Replace_puts_a_vector_in_place() => AssertChanges(Replace.With(End, Tensor.Vector(Direction)), (_, _, _) => Direction);

    [Fact]
    public void Replace_puts_another_runs_values_in_place_by_sequence_and_position()
    {
        Run other = Model.Run(Other, [Capture.At(End)], LogitScope.None);
        AssertChanges(Replace.With(End, other), (_, b, pos) => Vector(other[End], b, pos));
    }

    [Fact]
    public void Zero_ablation_clears() => AssertChanges(Ablate.Zero(End), (x, _, _) => new double[x.Length]);

    [Fact]
    public void Mean_ablation_puts_the_mean_over_sequences_and_positions_in_place()
    {
        Run other = Model.Run(Other, [Capture.At(End)], LogitScope.None);
        double[] mean = [.. Enumerable.Range(0, 12).Select(i => Enumerable.Range(0, 15).Average(place => other[End][place / 5, place % 5, i]))];
        AssertChanges(Ablate.Mean(End, other), (_, _, _) => mean);
        AssertChanges(new Ablate { Site = End, Mode = AblationMode.Mean, Values = other[End] }, (_, _, _) => mean);
    }

    [Fact]
    public void A_mean_leaves_padding_out()
    {
        TokenBatch padded = TokenBatch.Pad([[3, 7], [2, 9, 4, 8, 1]]);
        Run other = Model.Run(padded, [Capture.At(End), Capture.At(Site.Z(0))], LogitScope.None);
        (int B, int Pos)[] real = [(0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4)];
        double[] mean = [.. Enumerable.Range(0, 12).Select(i => real.Average(place => other[End][place.B, place.Pos, i]))];
        Golden.AssertClose(mean, Ablate.Mean(End, other).Values!, 1e-14, "mean");
        double[] heads = [.. Enumerable.Range(0, 16).Select(i => real.Average(place => other[Site.Z(0)][place.B, place.Pos, i / 4, i % 4]))];
        Golden.AssertClose(heads, Ablate.Mean(Site.Z(0), other).Values!, 1e-14, "mean of each head");
    }

    [Fact]
    public void Resampling_takes_the_same_position_of_a_drawn_sequence_the_same_for_a_seed()
    {
        Run other = Model.Run(Other, [Capture.At(End)], LogitScope.None);
        HashSet<string> draws = [];
        for (int seed = 0; seed < 20; seed++)
        {
            Tensor changed = Changed(Ablate.Resample(End, other, seed), out _);
            int[] drawn = [.. Enumerable.Range(0, 2).Select(b => Enumerable.Range(0, 3).Single(from =>
                Enumerable.Range(0, 5).All(pos => Vector(changed, b, pos).SequenceEqual(Vector(other[End], from, pos)))))];
            draws.Add(string.Join(",", drawn));
            Assert.Equal(changed.ToDoubles(), Changed(Ablate.Resample(End, other, seed), out _).ToDoubles());
        }

        Assert.True(draws.Count > 4, "20 seeds gave few different draws");
    }

    [Fact]
    public void Project_out_removes_a_direction_and_a_span_of_them()
    {
        double[] unit = Unit(Direction);
        AssertChanges(ProjectOut.Direction(End, Tensor.Vector(Direction)), (x, _, _) => Without(x, unit));

        // The span of two directions that are not orthogonal: what is left has nothing along either.
        double[] second = [.. Enumerable.Range(0, 12).Select(i => Math.Cos(i) + Math.Sin(i + 1))];
        double[] orthogonal = Unit(Without(second, unit));
        Tensor both = Tensor.Of([.. Direction, .. second, .. second.Select(x => 2 * x)], [3, 12]);
        AssertChanges(new ProjectOut { Site = End, Directions = both }, (x, _, _) => Without(Without(x, unit), orthogonal));
    }

    [Fact]
    public void Affine_maps_by_a_matrix_and_a_bias()
    {
        double[] matrix = [.. Enumerable.Range(0, 144).Select(i => Math.Cos(i * 0.7))];
        Affine affine = new() { Site = End, Matrix = Tensor.Of(matrix, [12, 12]), Bias = Tensor.Vector(Direction) };
        AssertChanges(affine, (x, _, _) => [.. Enumerable.Range(0, 12).Select(row => Direction[row] + Enumerable.Range(0, 12).Sum(i => matrix[(row * 12) + i] * x[i]))]);
    }

    [Fact]
    public void Clamp_bounds_each_value_or_the_coefficient_along_a_direction()
    {
        AssertChanges(new Clamp { Site = End, Minimum = -0.25, Maximum = 0.5 }, (x, _, _) => [.. x.Select(a => Math.Clamp(a, -0.25, 0.5))]);
        double[] unit = Unit(Direction);
        AssertChanges(new Clamp { Site = End, Direction = Tensor.Vector(Direction), Minimum = 3, Maximum = 3 }, (x, _, _) =>
        {
            double along = Dot(x, unit);
            return [.. x.Zip(unit, (a, u) => a + ((3 - along) * u))];
        });
    }

    [Fact]
    public void Freeze_holds_a_site_whatever_is_changed_before_it()
    {
        Run clean = Model.Run(Tokens, [Capture.At(Site.AllPatterns), Capture.At(Site.ResidPost(1))], LogitScope.None);
        Run changed = Model.Run(Tokens, [Scale.By("hook_embed", 3), Freeze.At(Site.Pattern(0), clean), Freeze.At(Site.Pattern(1), clean), Capture.At(Site.AllPatterns), Capture.At(End)]);
        Assert.Equal(clean[Site.Pattern(1)].ToDoubles(), changed[Site.Pattern(1)].ToDoubles());
        Assert.NotEqual(clean[End].ToDoubles(), changed[End].ToDoubles());
    }

    [Fact]
    public void A_local_function_changes_each_vector_and_knows_where_it_is()
    {
        List<FunctionContext> places = [];
        LocalFunction function = LocalFunction.At(Site.Z(1, 2).At(-1), (vector, context) =>
        {
            places.Add(context);
            vector.Fill(1);
        });
        Run run = Model.Run(Tokens, [function, Capture.At(Site.Z(1))]);
        Assert.Equal([new("blocks.1.attn.hook_z", 0, 4, 2), new("blocks.1.attn.hook_z", 1, 4, 2)], places);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(1, run[Site.Z(1)][1, 4, 2, i]));
    }

    [Fact]
    public void Interventions_at_one_site_act_in_the_order_of_the_plan()
    {
        Tensor first = Changed([Scale.By(End, 2), Add.Vector(End, Tensor.Vector(Direction))]);
        Tensor second = Changed([Add.Vector(End, Tensor.Vector(Direction)), Scale.By(End, 2)]);
        Golden.AssertClose([.. second.ToDoubles().Select((x, i) => x - Direction[i % 12])], first, 1e-12, "order");
    }

    [Fact]
    public void Heads_and_positions_leave_the_others_alone()
    {
        Run clean = Model.Run(Tokens, [Capture.At(Site.Z(1))]);
        Run changed = Model.Run(Tokens, [Ablate.Zero(Site.Z(1, 3).At(1, -1)), Capture.At(Site.Z(1))]);
        for (int i = 0; i < clean[Site.Z(1)].Count; i++)
        {
            int pos = i / 16 % 5;
            int head = i / 4 % 4;
            Assert.Equal(head == 3 && pos is 1 or 4 && head == 3 ? 0 : clean[Site.Z(1)].At(i), changed[Site.Z(1)].At(i));
        }
    }

    [Fact]
    public void A_copy_of_a_used_record_acts_by_its_own_values()
    {
        double[] other = [.. Direction.Reverse()];
        ProjectOut first = ProjectOut.Direction(End, Tensor.Vector(Direction));
        Changed(first, out _);
        AssertChanges(first with { Directions = Tensor.Vector(other) }, (x, _, _) => Without(x, Unit(other)));

        Ablate mean = Ablate.Mean(End, Model.Run(Tokens, [Capture.At(End)], LogitScope.None));
        Changed(mean, out _);
        AssertChanges(mean with { Values = Tensor.Vector(other) }, (_, _, _) => other);
    }

    [Fact]
    public void Use_does_not_make_equal_records_differ()
    {
        Tensor direction = Tensor.Vector(Direction);
        ProjectOut used = ProjectOut.Direction(End, direction);
        Changed(used, out _);
        Assert.Equal(ProjectOut.Direction(End, direction), used);
    }

    [Fact]
    public void A_position_named_twice_is_changed_once() =>
        Golden.AssertClose(
            Changed([Add.Vector(End.At(4), Tensor.Vector(Direction))]).ToDoubles(), Changed([Add.Vector(End.At(4, -1), Tensor.Vector(Direction))]), 0, "twice");

    [Fact]
    public void Ablating_a_query_head_of_a_group_leaves_the_others_of_its_key_head_alone()
    {
        // Independent formula: attention output is the sum over heads of z · W_O, so it loses exactly one term.
        Run clean = Model.Run(Tokens, [Capture.At(Site.Result(0)), Capture.At(Site.AttnOut(0))]);
        Run changed = Model.Run(Tokens, [Ablate.Zero(Site.Z(0, 1)), Capture.At(Site.AttnOut(0))]);
        double[] expected = [.. Enumerable.Range(0, 120).Select(i => clean[Site.AttnOut(0)].At(i) - clean[Site.Result(0)][i / 60, i / 12 % 5, 1, i % 12])];
        Golden.AssertClose(expected, changed[Site.AttnOut(0)], 1e-12, "attn_out");
        Run keys = Model.Run(Tokens, [Ablate.Zero("blocks.0.attn.hook_v") with { Site = new Site("blocks.0.attn.hook_v") { Heads = [1] } }, Capture.At(Site.Z(0))]);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(i >= 8, keys[Site.Z(0)][0, 4, i / 4, i % 4] == 0));
    }

    private static void AssertChanges(Intervention intervention, Func<double[], int, int, double[]> formula)
    {
        Tensor clean = Model.Run(Tokens, [Capture.At(End)])[End];
        double[] expected = [.. Enumerable.Range(0, 10).SelectMany(place => formula(Vector(clean, place / 5, place % 5), place / 5, place % 5))];
        Golden.AssertClose(expected, Changed(intervention, out Run run), 1e-12, "changed activation");
        Golden.AssertClose(Model.Unembed(Tensor.Of(expected, [10, 12])).ToDoubles(), run.Logits, 1e-11, "logits");
    }

    private static Tensor Changed(Intervention intervention, out Run run)
    {
        run = Model.Run(Tokens, [intervention, Capture.At(End)]);
        return run[End];
    }

    private static Tensor Changed(PlanItem[] plan) => Model.Run(Tokens, [.. plan, Capture.At(End)])[End];

    private static double[] Vector(Tensor tensor, int b, int pos) => [.. Enumerable.Range(0, 12).Select(i => tensor[b, pos, i])];

    private static double[] Unit(double[] x) => [.. x.Select(a => a / Math.Sqrt(Dot(x, x)))];

    private static double[] Without(double[] x, double[] unit) => [.. x.Zip(unit, (a, u) => a - (Dot(x, unit) * u))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
