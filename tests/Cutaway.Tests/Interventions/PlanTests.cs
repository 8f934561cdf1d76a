using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Interventions;

/// <summary>Plans as data: written and read, and refused where they do not fit.</summary>
public sealed class PlanTests
{
    private static readonly LanguageModel Model = TestModels.Random();
    private static readonly Tensor Vector = Tensor.Vector([.. Enumerable.Range(0, 12).Select(i => 0.1 * i)]);

    /// <summary>One of each, with every property off its default, those that are zero or infinite among them.</summary>
    private static readonly PlanItem[] EveryRecord =
    [
        new Capture { Site = Site.Pattern(0, 1).At(0, -1), Store = DType.Float32 },
        new Replace { Site = Site.ResidPre(0), Values = Vector, Phase = Phase.Prompt },
        new Freeze { Site = "blocks.0.attn.hook_attn_scores", Values = Tensor.Of([0.5, double.NegativeInfinity, 1.0 / 3, 2.5], [1, 1, 2, 2]) },
        new Add { Site = Site.ResidPost(0).At(-1), Values = Vector, Factor = 0 },
        new Scale { Site = Site.MlpOut(1), Factor = 0, Phase = Phase.Generated },
        new Ablate { Site = Site.Z(1, 2), Mode = AblationMode.Resample, Values = Tensor.Of(new double[4], [1, 1, 1, 4]), Seed = 3 },
        new Ablate { Site = Site.Z(0) },
        new ProjectOut { Site = Site.ResidPre(1), Directions = Tensor.Of(new double[] { 1, 2, 3, 4 }, [2, 2]) },
        new Affine { Site = Site.Z(1), Matrix = Tensor.Of(new double[16], [4, 4]), Bias = Tensor.Vector(1, 2, 3, 4) },
        new Clamp { Site = Site.MlpPost(0), Minimum = 0 },
        new Clamp { Site = Site.ResidPost(1), Direction = Vector, Minimum = double.NegativeInfinity, Maximum = 0 },
        CaptureGradient.At(Site.Z(0, 3).At(-1)),
    ];

    [Fact]
    public void Every_record_survives_being_written_and_read()
    {
        string json = Plans.ToJson(EveryRecord);
        IReadOnlyList<PlanItem> read = Plans.FromJson(json);
        Assert.Equal(json, Plans.ToJson(read));
        Assert.Equal(EveryRecord.Select(item => item.GetType()), read.Select(item => item.GetType()));
        Assert.Equal(EveryRecord.Select(item => $"{item.Site}"), read.Select(item => $"{item.Site}"));
        Assert.Equal(0, ((Add)read[3]).Factor);
        Assert.Equal(0, ((Scale)read[4]).Factor);
        Assert.Equal((0, double.PositiveInfinity), (((Clamp)read[9]).Minimum, ((Clamp)read[9]).Maximum));
        Assert.Equal(((Freeze)EveryRecord[2]).Values.ToDoubles(), ((Freeze)read[2]).Values.ToDoubles());
        Assert.Equal([1, 1, 2, 2], ((Freeze)read[2]).Values.Shape);
        Assert.Equal(DType.Float32, ((Capture)read[0]).Store);

        // No record is missing from the list above.
        Assert.Equal(
            typeof(PlanItem).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(PlanItem)) && !type.IsAbstract && type != typeof(LocalFunction)).Select(type => type.Name).Order(),
            EveryRecord.Select(item => item.GetType().Name).Distinct().Order());
    }

    [Fact]
    public void A_plan_read_from_json_does_what_the_plan_did()
    {
        TokenBatch tokens = TokenBatch.Single([3, 7, 11]);
        Run clean = Model.Run(tokens, Capture.All(Site.Pattern(1)));
        PlanItem[] plan =
        [
            Add.Vector(Site.ResidPre(1).At(-1), Vector, 0.7), Freeze.At(Site.Pattern(1, 0), clean), Scale.By(Site.Z(0, 3), 0), new Clamp { Site = Site.MlpPost(1), Minimum = 0 },
        ];
        Assert.Equal(Model.Run(tokens, plan).Logits.ToDoubles(), Model.Run(tokens, Plans.FromJson(Plans.ToJson(plan))).Logits.ToDoubles());
    }

    [Fact]
    public void Code_and_numbers_that_are_none_cannot_be_saved()
    {
        Assert.Contains("is code and cannot be saved", Fault(() => Plans.ToJson([LocalFunction.At(Site.Z(0), (_, _) => { })])), StringComparison.Ordinal);
        Assert.Contains("holds NaN", Fault(() => Plans.ToJson([Add.Vector(Site.Z(0), Tensor.Vector(double.NaN))])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is not a plan")]
    [InlineData("null", "is empty")]
    [InlineData("[null]", "is empty")]
    [InlineData("{}", "is not a plan")]
    [InlineData("[{\"kind\": \"multiply\", \"site\": \"hook_embed\"}]", "'multiply' is no kind of intervention (at $[0]); there are capture, capture-gradient, replace,")]
    [InlineData("[{\"kind\": \"scale\", \"site\": \"hook_embed\"}]", "factor")]
    [InlineData("[{\"kind\": \"scale\", \"site\": \"hook_embed\", \"factor\": 1, \"speed\": 2}]", "'speed' is no property there")]
    [InlineData("[{\"kind\": \"scale\", \"site\": null, \"factor\": 1}]", "is not a plan")]
    [InlineData("[{\"kind\": \"add\", \"site\": \"hook_embed\", \"values\": null}]", "is not a plan")]
    [InlineData("[{\"kind\": \"add\", \"site\": \"hook_embed\", \"values\": [[1, 2], [3]]}]", "differ in length")]
    [InlineData("[{\"kind\": \"add\", \"site\": \"hook_embed\", \"values\": [1, \"x\"]}]", "'x' is not a number")]
    [InlineData("[{\"kind\": \"add\", \"site\": {\"heads\": [1]}, \"values\": [1]}]", "'name' is missing")]
    public void Json_that_is_no_plan_is_refused_with_the_reason(string json, string message)
    {
        CutawayException error = Assert.Throws<CutawayException>(() => Plans.FromJson(json, "plan.json"));
        Assert.Equal(FaultKind.Input, error.Kind);
        Assert.StartsWith("plan.json ", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Contains(message, StringComparison.Ordinal), error.Message);
        Assert.DoesNotContain("Cutaway.", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, PlanItem[], string> Misfits => new()
    {
        { "unknown site", [Ablate.Zero("blocks.0.hook_resid_prey")], "no hook point 'blocks.0.hook_resid_prey' in this model; did you mean 'blocks.0.hook_resid_pre'" },
        { "layer outside", [Ablate.Zero(Site.Z(2))], "no hook point 'blocks.2.attn.hook_z'" },
        { "a glob without a match", [Capture.At("blocks.*.hook_nothing")], "no hook point 'blocks.*.hook_nothing'" },
        { "wrong width", [Add.Vector(Site.ResidPre(0), Tensor.Vector(1, 2))], "the vector for 'blocks.0.hook_resid_pre' has shape [2]; expected [12]" },
        { "wrong heads", [new Replace { Site = Site.Z(0), Values = Tensor.Of(new double[12], [3, 4]) }], "has shape [3, 4]" },
        { "head outside", [Ablate.Zero(Site.Z(0, 4))], "head 4 of 'blocks.0.attn.hook_z': there are heads 0 to 3" },
        { "key head outside", [Ablate.Zero(new Site("blocks.0.attn.hook_k") { Heads = [2] })], "head 2 of 'blocks.0.attn.hook_k': there are heads 0 to 1" },
        { "no heads there", [Ablate.Zero(Site.ResidPre(0) with { Heads = [0] })], "no heads to choose from" },
        { "no heads chosen", [Ablate.Zero(Site.Z(0) with { Heads = [] })], "an empty list of heads" },
        { "position outside", [Ablate.Zero(Site.ResidPre(0).At(1, 3))], "position 3 of 'blocks.0.hook_resid_pre' is outside: the prompt has 3 tokens" },
        { "position before the start", [Capture.At(Site.ResidPre(0).At(-4))], "position -4 of 'blocks.0.hook_resid_pre' is outside" },
        { "two that set", [Ablate.Zero(Site.Z(0)), Replace.With(Site.Z(0, 1), Tensor.Vector(1, 2, 3, 4))], "Replace and Ablate both set 'blocks.0.attn.hook_z'" },
        { "a change that is lost", [Add.Vector(Site.ResidPre(0).At(-1), Vector), Ablate.Zero(Site.ResidPre(0))], "Add at 'blocks.0.hook_resid_pre' would be lost: Ablate sets" },
        { "captured twice", [Capture.At(Site.Z(0)), Capture.At(Site.Z(0, 1))], "is captured twice" },
        { "only when generating", [new Scale { Site = Site.Z(0), Factor = 2, Phase = Phase.Generated }], "holds in generated steps only" },
        { "an infinite factor", [Scale.By(Site.Z(0), double.PositiveInfinity)], "must be a finite number" },
        { "bounds in the wrong order", [new Clamp { Site = Site.Z(0), Minimum = 2, Maximum = 1 }], "minimum 2 is above maximum 1" },
        { "a zero direction to clamp", [new Clamp { Site = Site.Z(0), Direction = Tensor.Vector(0, 0, 0, 0) }], "is zero or not finite" },
        { "a zero direction to remove", [ProjectOut.Direction(Site.Z(0), Tensor.Vector(0, 0, 0, 0))], "zero or not finite" },
        { "a matrix of another size", [new Affine { Site = Site.Z(0), Matrix = Tensor.Of(new double[9], [3, 3]) }], "needs a matrix [4, 4]" },
        { "a mean of nothing", [new Ablate { Site = Site.Z(0), Mode = AblationMode.Mean }], "needs reference values" },
        {
            "a shared norm that no head reads",
            [
                Capture.At("blocks.0.hook_q_input"), Capture.At("blocks.0.hook_k_input"), Capture.At("blocks.0.hook_v_input"),
                Scale.By("blocks.0.ln1.hook_scale", 2),
            ],
            "Scale at 'blocks.0.ln1.hook_scale' cannot act"
        },
        { "too few positions", [new Freeze { Site = Site.ResidPre(0), Values = Tensor.Of(new double[24], [1, 2, 12]) }], "have 2 along 'pos'; 2 was needed" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void A_plan_that_does_not_fit_the_model_is_refused_with_the_reason(string what, PlanItem[] plan, string message)
    {
        string text = Fault(() => Model.Run(TokenBatch.Single([1, 2, 3]), plan));
        Assert.True(text.Contains(message, StringComparison.Ordinal), $"{what}: {text}");
        Assert.InRange(text.Split('\n').Length, 1, 2);
    }

    [Fact]
    public void Setting_other_heads_other_positions_or_changing_afterwards_is_no_contradiction() => Model.Run(
        TokenBatch.Single([1, 2, 3]),
        [
            Ablate.Zero(Site.Z(0, 1)), Ablate.Zero(Site.Z(0, 2)), Ablate.Zero(Site.ResidPre(1).At(0)), Ablate.Zero(Site.ResidPre(1).At(1)),
            Add.Vector(Site.ResidPre(1), Vector), Scale.By(Site.MlpOut(0), 2), Ablate.Zero(Site.MlpOut(0).At(0)),
        ]);

    private static string Fault(Action action) => Assert.Throws<CutawayException>(action).Message;
}
