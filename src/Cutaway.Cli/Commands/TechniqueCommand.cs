using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Findings;
using Cutaway.Findings.Console;
using Cutaway.Findings.Html;
using Cutaway.Techniques;

namespace Cutaway.Cli.Commands;

/// <summary>Makes the command of a technique from its description.</summary>
internal static class TechniqueCommand
{
    private const int LongestHint = 40;

    /// <summary>The command.</summary>
    public static Command Of(TechniqueDescription technique) =>
        new(technique.Name, Heading(technique.Section), technique.Summary, [.. technique.Parameters.Select(Describe)], call => Run(technique, call))
        {
            Shared =
            [
                SharedParameters.Model, SharedParameters.EncoderText, SharedParameters.DType, SharedParameters.Threads, SharedParameters.Html, SharedParameters.Json,
                SharedParameters.Width, SharedParameters.Plain, SharedParameters.Quiet, SharedParameters.Debug, SharedParameters.Help,
            ],
            Examples = technique.Examples,
        };

    /// <summary>The request that a call stands for.</summary>
    /// <exception cref="CutawayException">A value is missing, malformed or out of its range.</exception>
    public static object Request(TechniqueDescription technique, Invocation call) => technique.CreateRequest(call.Values
        .Where(pair => technique.Parameters.Any(parameter => parameter.Name == pair.Key))
        .ToDictionary(StringComparer.Ordinal));

    private static Parameter Describe(TechniqueParameter parameter)
    {
        // A long list of choices would push the explanations off the page.
        bool listed = parameter.ValueHint.Length > LongestHint;
        return new(parameter.Name, parameter.IsFlag ? "" : listed ? "NAME" : parameter.ValueHint, listed ? $"{parameter.Help}: {string.Join(", ", parameter.Choices)}" : parameter.Help)
        {
            IsArgument = parameter.IsArgument,
            IsRepeatable = parameter.IsList,
            Required = parameter.Required,
            Default = parameter.DefaultText,
            Range = parameter.RangeText,
        };
    }

    private static void Run(TechniqueDescription technique, Invocation call)
    {
        object request = Request(technique, call);
        Results.Probe(call, SharedParameters.Html, SharedParameters.Json);
        LanguageModel model = SharedParameters.Load(call);
        Finding finding = ProgressLine.During(call, progress => technique.Run(request, model, progress));
        call.Cancellation.ThrowIfCancellationRequested();
        if (call.Text(SharedParameters.Html.Name) is { } page)
        {
            HtmlReport.Write(page, Title(technique, request), finding);
            Results.Note(call, page);
        }

        Results.Write(call, stream => FindingJson.Write(stream, finding), (text, style) => ConsoleReport.Write(text, finding, style));
    }

    private static string Title(TechniqueDescription technique, object request)
    {
        string name = char.ToUpperInvariant(technique.Name[0]) + technique.Name[1..].Replace('-', ' ');
        object? prompt = technique.Parameters.FirstOrDefault(parameter => parameter.IsArgument)?.ValueIn(request);
        return prompt?.ToString() is { Length: > 0 } text ? $"{name}: {text}" : name;
    }

    private static string Heading(Section section) => section switch
    {
        Section.Internals => "Inside a transformer",
        Section.Reading => "Representations and reading them",
        Section.Causes => "Causal interventions",
        Section.Circuits => "Circuits",
        Section.Features => "Features",
        Section.Decoding => "Hidden states in words",
        Section.Safety => "Safety",
        _ => "Tools of the field",
    };
}
