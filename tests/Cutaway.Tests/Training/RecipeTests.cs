using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class RecipeTests
{
    private const string Least =
        """{"name": "x", "model": {"layers": 1, "d_model": 8, "heads": 2, "d_mlp": 8, "context": 128}, "tokenizer": {"file": "t.json"}, "corpus": {"file": "t.txt"}, "steps": 10}""";

    [Theory]
    [InlineData("\"steps\"", "\"stpes\"", "there is no key 'stpes'", "did you mean 'steps'")]
    [InlineData("\"d_mlp\"", "\"d_mpl\"", "there is no key 'model.d_mpl'", "did you mean 'd_mlp'")]
    [InlineData("\"layers\": 1", "\"layers\": 0", "'model.layers' in x.json is 0", "a whole number from 1 to 256 was expected")]
    [InlineData("\"layers\": 1", "\"layers\": \"one\"", "'model.layers' in x.json is \"one\"", "a whole number from 1 to 256")]
    [InlineData("\"steps\": 10", "\"steps\": 1.5", "'steps' in x.json is 1.5", "a whole number from 1 up")]
    [InlineData("\"layers\": 1, ", "", "'model.layers' is missing", "a whole number")]
    [InlineData("\"steps\": 10", "\"steps\": 10, \"clip\": 0", "'clip' in x.json is 0", "a number above 0")]
    [InlineData("\"steps\": 10", "\"steps\": 10, \"optimiser\": {\"kind\": \"adan\"}", "'optimiser.kind' in x.json is \"adan\"", "one of adamw, adam, sgd")]
    [InlineData("\"steps\": 10", "\"steps\": 10, \"batch\": null", "'batch' in x.json is null", "a whole number")]
    [InlineData("\"heads\": 2", "\"heads\": 3", "'model.d_model' is 8 and 'model.heads' is 3", "must divide")]
    [InlineData("\"context\": 128", "\"context\": 64", "'length' is 96", "longer than 'model.context', 64")]
    [InlineData("{\"file\": \"t.txt\"}", "{}", "'corpus' names neither", "a 'generator' nor a 'file'")]
    [InlineData("\"steps\": 10", "\"steps\": 10, \"batch\": 65536, \"length\": 65536", "'batch' times 'length' is 4294967296", "raise 'accumulate'")]
    [InlineData("\"steps\": 10", "\"steps\": 10, \"steps\": 11", "is not valid JSON", "steps")]
    public void A_mistake_is_named_with_its_key_and_what_was_expected(string from, string to, string message, string more)
    {
        CutawayException error = Assert.Throws<CutawayException>(() => RecipeReader.Parse(Least.Replace(from, to, StringComparison.Ordinal), "x.json"));
        Assert.Equal(FaultKind.Input, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(more, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_written_out_in_full_reads_as_the_same_recipe()
    {
        Recipe recipe = RecipeReader.Parse(Least, "x.json");
        string written = RecipeReader.ToJson(recipe);
        Assert.Equal(written, RecipeReader.ToJson(RecipeReader.Parse(written, "y.json")));
        Assert.Empty(RecipeReader.Differences(written, written));
    }

    [Fact]
    public void Differences_name_nested_keys_and_both_values()
    {
        string before = RecipeReader.ToJson(RecipeReader.Parse(Least, "x.json"));
        string after = RecipeReader.ToJson(RecipeReader.Parse(Least.Replace("\"steps\": 10", "\"steps\": 10, \"schedule\": {\"warm_up\": 2}", StringComparison.Ordinal), "x.json"));
        Assert.Equal(["'schedule.warm_up' was 0 and is 2"], RecipeReader.Differences(before, after));
    }

    [Theory]
    [InlineData(0, 1000, new int[0])]
    [InlineData(2, 1000, new[] { 0, 1000 })]
    [InlineData(5, 1000, new[] { 0, 1, 10, 100, 1000 })]
    public void Kept_steps_are_spaced_evenly_in_their_logarithm(int count, int steps, int[] expected) =>
        Assert.Equal(expected, (RecipeReader.Parse(Least, "x.json") with { KeptCheckpoints = count, Steps = steps }).KeptSteps());

    [Fact]
    public void Schedules_rise_along_a_line_and_end_at_the_final_share()
    {
        Schedule cosine = new() { Kind = ScheduleKind.Cosine, WarmUp = 4, Final = 0.1 };
        Assert.Equal([0.25, 0.5, 0.75, 1], Enumerable.Range(0, 4).Select(step => cosine.Factor(step, 15)));
        Assert.Equal(1, cosine.Factor(4, 15), 12);
        Assert.Equal(0.55, cosine.Factor(9, 15), 12);
        Assert.Equal(0.1, cosine.Factor(14, 15), 12);

        Schedule linear = cosine with { Kind = ScheduleKind.Linear };
        Assert.Equal(0.55, linear.Factor(9, 15), 12);
        Assert.Equal(0.1, linear.Factor(14, 15), 12);
        Assert.Equal(1 - (0.9 * 0.1), linear.Factor(5, 15), 12);
        Assert.Equal(1, (cosine with { Kind = ScheduleKind.Constant }).Factor(14, 15));
    }
}
