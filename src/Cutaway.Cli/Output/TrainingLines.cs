using System.Globalization;
using System.Text;
using System.Text.Json;
using Cutaway.Findings;
using Cutaway.Training;

namespace Cutaway.Cli.Output;

/// <summary>Training in words: how far it is, and what it would take.</summary>
internal static class TrainingLines
{
    private const int CurveWidth = 16;
    private const string Blocks = "▁▂▃▄▅▆▇█", AsciiBlocks = "_.-=*#%@";

    /// <summary>One line: the loss and its curve so far, speed, time left, learning rate, gradient.</summary>
    public static string Line(TrainingReport report, bool plain) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {report.Step} of {report.Steps}, loss {report.Loss:0.000} {Curve(report.Losses, plain ? AsciiBlocks : Blocks)} {report.TokensPerSecond:N0} tokens/s, {Duration(report.Left)} left, rate {report.Rate:0.0e+0}, gradient {report.GradientNorm:0.00}");

    /// <summary>A table of what a recipe would take.</summary>
    public static TableView Table(TrainingPlan plan)
    {
        Recipe recipe = plan.Recipe;
        List<IReadOnlyList<object>> rows =
        [
            ["numbers trained", Count(plan.Parameters)],
            ["steps", Count(recipe.Steps)],
            ["tokens a step", Count((long)recipe.Batch * recipe.Length * recipe.Accumulate)],
            ["tokens", Count(plan.Tokens)],
            ["seconds a step", plan.Step.TotalSeconds],
            ["tokens a second", Count((long)plan.TokensPerSecond)],
            ["time", Duration(plan.Time)],
        ];
        if (plan.Passes is { } passes)
        {
            rows.Add(["passes over the corpus", passes]);
        }

        return new TableView($"What training {recipe.Name} takes here", ["what", "value"], rows);
    }

    /// <summary>A table of what was done.</summary>
    public static TableView Table(TrainingFinding finding) => new("Training", ["what", "value"],
    [
        ["model", finding.Folder],
        ["numbers trained", Count(finding.Parameters)],
        ["steps", Count(finding.Step)],
        ["tokens", Count(finding.Tokens)],
        ["time of this session", Duration(TimeSpan.FromSeconds(finding.Seconds))],
        ["tokens a second", Count((long)finding.TokensPerSecond)],
    ]);

    /// <summary>The same as JSON.</summary>
    public static void WriteJson(Stream stream, TrainingPlan plan)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("parameters", plan.Parameters);
        json.WriteNumber("steps", plan.Recipe.Steps);
        json.WriteNumber("tokens", plan.Tokens);
        json.WriteNumber("tokensPerSecond", plan.TokensPerSecond);
        json.WriteNumber("seconds", plan.Time.TotalSeconds);
        json.WriteEndObject();
    }

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    private static string Curve(IReadOnlyList<double> losses, string blocks)
    {
        double[] parts = [.. losses.Chunk(Math.Max(1, (losses.Count + CurveWidth - 1) / CurveWidth)).Select(part => part.Average())];
        double least = parts.Min();
        double span = Math.Max(1e-9, parts.Max() - least);
        StringBuilder curve = new();
        foreach (double part in parts)
        {
            curve.Append(blocks[(int)((part - least) / span * (blocks.Length - 1))]);
        }

        return curve.ToString();
    }
}
