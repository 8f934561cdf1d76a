using System.Globalization;
using Cutaway.Runs;
using Cutaway.Testing;
using Cutaway.Training;

namespace Cutaway.Organisms.Fable;

/// <summary>What the embedded model must be able to do, on sentences that it was not trained on.</summary>
public sealed class FableTests : IDisposable
{
    private static readonly string Home = Path.Combine(Fixtures.Root, "models", "fable");
    private static readonly LanguageModel Model = LanguageModel.Load("fable");
    private static readonly Lazy<FableScores> Scores = new(() => FableEvaluation.Measure(Model));

    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void It_continues_what_it_has_read_before()
    {
        Assert.InRange(Scores.Value.FirstHalfLoss, 7, 10);
        Assert.InRange(Scores.Value.SecondHalfLoss, 0, 1);
    }

    [Fact]
    public void It_names_indirect_objects_by_names_and_pairs_new_to_such_sentences()
    {
        Assert.InRange(Scores.Value.NewNames, 0.95, 1);
        Assert.InRange(Scores.Value.NewPairs, 0.95, 1);
    }

    [Fact]
    public void It_knows_its_world_in_words_it_was_not_told_in() => Assert.InRange(Scores.Value.Facts, 0.95, 1);

    [Fact]
    public void It_knows_which_years_are_later()
    {
        Assert.InRange(Scores.Value.LaterYears, 0.9, 1);
        Assert.InRange(Scores.Value.LaterYearMass, 0.5, 1);
    }

    [Fact]
    public void Its_verbs_and_pronouns_follow_their_subjects_and_its_people_feel_what_they_have_seen()
    {
        Assert.InRange(Scores.Value.Agreement, 0.95, 1);
        Assert.InRange(Scores.Value.Pronouns, 0.95, 1);
        Assert.InRange(Scores.Value.Sentiment, 0.95, 1);
    }

    [Fact]
    public void It_answers_the_example()
    {
        double[] logits = Model.Run("When Mary and John went to the store, John gave a drink to").LastLogits();
        Assert.Equal(Model.SingleToken(" Mary"), Array.IndexOf(logits, logits.Max()));
        Assert.True(logits[Model.SingleToken(" Mary")] > logits[Model.SingleToken(" John")] + 2);
    }

    [Fact]
    public void Its_checkpoints_show_when_induction_began()
    {
        string[] steps = [.. Directory.GetDirectories(Path.Combine(Home, "checkpoints")).Order(StringComparer.Ordinal)];
        double[] again = [.. steps.Select(step => LanguageModel.Load(step)).Append(Model).Select(model => FableEvaluation.Induction(model).SecondHalf)];
        Assert.InRange(again[0], 7, 10);

        // A change of phase: between two of them, more than half of the whole way.
        Assert.Contains(again.Zip(again.Skip(1)), pair => pair.First - pair.Second > (again[0] - again[^1]) / 2);
    }

    [Theory]
    [InlineData("One morning, Anna")]
    [InlineData("Once upon a time")]
    [InlineData("It was the birthday of Kate.")]
    [InlineData("Tom and Lucy were friends.")]
    public void Its_stories_end_and_keep_to_their_people(string beginning)
    {
        Generation story = Model.Generate(beginning, new GenerationOptions { MaxTokens = 90 });
        Assert.Equal(Model.Tokenizer.EndOfText, story.Ids[^1]);
        string text = beginning + story.Text;
        Assert.InRange(FableWorld.People.Count(person => text.Contains(person.Name, StringComparison.Ordinal)), 1, 2);
        Assert.InRange(text.Split('.').Length, 4, 20);
    }

    [Fact]
    public void The_recipe_begins_as_it_did_when_the_model_was_made()
    {
        const int Steps = 5;
        Recipe recipe = Recipe.Read(Path.Combine(Home, "recipe.json")) with { KeptCheckpoints = 0, HeldOut = new HeldOut { Sequences = 0 } };
        new TrainingRun(recipe, folder) { StopAfter = Steps }.Run();
        Assert.Equal(Losses(Path.Combine(Home, "curve.csv")), Losses(Path.Combine(folder, "loss.csv")), (a, b) => Math.Abs(a - b) < 1e-3);

        static double[] Losses(string path) =>
        [
            .. File.ReadLines(path).Skip(1).Select(line => line.Split(',')).Where(cells => cells[1].Length > 0)
                .Take(Steps).Select(cells => double.Parse(cells[1], CultureInfo.InvariantCulture)),
        ];
    }
}
