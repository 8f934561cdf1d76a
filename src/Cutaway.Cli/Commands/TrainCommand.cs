using System.Globalization;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Findings.Html;
using Cutaway.Training;

namespace Cutaway.Cli.Commands;

/// <summary><c>cutaway train</c>: makes a model from a recipe.</summary>
internal static class TrainCommand
{
    /// <summary>The command.</summary>
    public static Command Create() =>
        new("train", AllCommands.Instrument, "Train a model from a recipe, or go on with a run that was cut",
        [
            new Parameter("recipe", "FILE.json", "The recipe: architecture, text, optimiser, steps (docs/training.md lists its keys)") { IsArgument = true, Required = true },
            new Parameter("out", "FOLDER", "Where the model shall be") { Default = "the recipe's folder" },
            new Parameter("resume", "", "Go on with a run that was cut, from the state it saved last"),
            new Parameter("steps", "N", "Stop after step N; --resume goes on from there") { Default = "all steps of the recipe" },
            new Parameter("dry-run", "", "Say how large the model is and how long training takes; write nothing"),
        ], Run)
        {
            Shared =
            [
                SharedParameters.Threads, SharedParameters.Html, SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain,
                SharedParameters.Quiet, SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples =
            [
                "train models/fable/recipe.json --dry-run",
                "train models/fable/recipe.json --out fable --html loss.html",
                "train models/fable/recipe.json --out fable --resume",
            ],
            Notes =
            [
                "The folder gets config.json, model.safetensors, tokenizer.json and loss.csv; kept checkpoints go to checkpoints/step-NNNNNN. Use it as --model FOLDER.",
                "Ctrl-C saves the state and stops. A run that was cut and resumed gives the same weights, bit for bit, as one that was not, with any number of threads.",
            ],
        };

    private static void Run(Invocation call)
    {
        string file = call.Text("recipe")!;
        Recipe recipe = Recipe.Read(file);
        TrainingRun run = new(recipe, call.Text("out") ?? recipe.Folder)
        {
            Resume = call.Has("resume"),
            StopAfter = call.Count("steps"),
            Threads = call.Count(SharedParameters.Threads.Name),
        };
        if (call.Has("dry-run"))
        {
            Results.Write(call, stream => TrainingLines.WriteJson(stream, run.Plan()), (text, style) => ConsoleReport.Write(text, TrainingLines.Table(run.Plan()), style));
            return;
        }

        Results.Probe(call, SharedParameters.Html, SharedParameters.Json);
        bool quiet = call.Has(SharedParameters.Quiet.Name);
        TrainingFinding finding;
        using (ProgressLine? line = call.Terminal.ShowsProgress && !quiet ? new ProgressLine(call.Terminal.Error) : null)
        {
            finding = (run with { OnStep = quiet ? null : report => Show(call, line, report) }).Run(call.Cancellation);
        }

        if (call.Text(SharedParameters.Html.Name) is { } page)
        {
            HtmlReport.Write(page, $"Training: {recipe.Name}", finding);
            Results.Note(call, page);
        }

        Results.Write(call, stream => FindingJson.Write(stream, finding), (text, style) =>
        {
            text.WriteLine(finding.Headline);
            ConsoleReport.Write(text, TrainingLines.Table(finding), style);
        });
    }

    // Someone who watches sees every step in one line; a file gets a line where the held-out loss was measured.
    private static void Show(Invocation call, ProgressLine? line, TrainingReport report)
    {
        bool plain = call.Has(SharedParameters.Plain.Name);
        if (line is not null)
        {
            line.Report(TrainingLines.Line(report, plain), (double)report.Step / report.Steps);
        }
        else if (report.HeldOutLoss is { } loss)
        {
            call.Terminal.Error.WriteLine(TrainingLines.Line(report, plain: true) + string.Create(CultureInfo.InvariantCulture, $", held out {loss:0.000}"));
        }
    }
}
