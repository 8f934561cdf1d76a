using System.Text.RegularExpressions;
using Cutaway.Findings;
using Cutaway.Loading;
using Cutaway.Techniques;
using Cutaway.Techniques.Causes;
using Cutaway.Techniques.Internals;
using Cutaway.Techniques.Reading;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Techniques;

public sealed partial class CatalogueTests
{
    private static readonly string[] SharedOptions = ["--model", "--html", "--dtype"];

    public static TheoryData<string> Names => [.. TechniqueCatalogue.Default.Techniques.Select(technique => technique.Name)];

    [Fact]
    public void Every_technique_is_there() => Assert.Equal(
        [
            "ablate",
            "activation-patching",
            "anatomy",
            "atp-star",
            "attention-knockout",
            "attention-patterns",
            "attention-step",
            "attribution-patching",
            "causal-scrubbing",
            "causal-tracing",
            "compare-attributions",
            "decoding-strategies",
            "direct-logit-attribution",
            "eap",
            "eap-gp",
            "eap-ig",
            "explain",
            "generate",
            "gradient-times-input",
            "head-detector",
            "integrated-gradients",
            "logit-lens",
            "mlp-memory",
            "normalization",
            "path-patching",
            "self-repair",
            "steer",
        ],
        TechniqueCatalogue.Default.Techniques.Select(technique => technique.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_example_is_a_request_that_its_own_command_line_and_defaults_repeat(string name)
    {
        TechniqueDescription technique = TechniqueCatalogue.Default.Find(name);
        Assert.NotEmpty(technique.Topic);
        Assert.NotEmpty(technique.Examples);
        foreach (string example in technique.Examples)
        {
            object request = Parse(technique, example);
            string line = Reproduction.CommandLine(technique, request, EmbeddedModels.Default, "float32");
            object again = Parse(technique, line["cutaway ".Length..]);
            Assert.Equal(line, Reproduction.CommandLine(technique, again, EmbeddedModels.Default, "float32"));
            foreach (TechniqueParameter parameter in technique.Parameters)
            {
                Assert.Equivalent(parameter.ValueIn(request), parameter.ValueIn(again));
            }
        }
    }

    [Fact]
    public void A_finding_says_where_its_numbers_come_from()
    {
        LanguageModel model = TestModels.TinyGpt2(Cutaway.Models.Network.ProcessingSteps.FoldNorms);
        HeadDetectorFinding finding = TechniqueDescription.Run(new HeadDetector(Offset: 2, Seed: 7), model);
        Provenance from = finding.Provenance!;
        Assert.Equal(("head-detector", "tiny-gpt2", "float32", 7), (from.Technique, from.Model, from.DType, from.Seed));
        Assert.Equal(["fold_ln"], from.Processing);
        Assert.Equal("cutaway head-detector --offset 2 --seed 7 --model tiny-gpt2", from.CommandLine);
        Assert.Equal("var model = LanguageModel.Load(\"tiny-gpt2\");\nvar finding = new HeadDetector(Offset: 2, Seed: 7).Run(model);", from.CSharp.ReplaceLineEndings("\n"));
        Assert.NotEmpty(from.Version);
        Assert.Null(new LogitLens("w1 w2").Run(model).Provenance);
    }

    [Fact]
    public void A_request_made_in_code_is_held_to_the_same_ranges()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => TechniqueDescription.Run(new LogitLens("w1", Top: 0), TestModels.TinyGpt2()));
        Assert.Equal("--top: 0 is out of range; expected 1 to 50", error.Message);
    }

    [Theory]
    [InlineData(typeof(MlpMemory), "has no MLP neurons")]
    [InlineData(typeof(NormalizationStudy), "has no norms")]
    [InlineData(typeof(Ablation), "has no MLPs; choose --over heads")]
    public void Techniques_of_parts_that_a_model_lacks_say_so(Type request, string message)
    {
        LanguageModel model = TestModels.Random(config => config with { DMlp = 0, Norm = Cutaway.Models.Network.NormKind.None });
        object made = request == typeof(MlpMemory) ? new MlpMemory("w1") : request == typeof(Ablation) ? new Ablation("w1", Over: AblationTargets.Mlps) : new NormalizationStudy("w1");
        CutawayException error = Assert.Throws<CutawayException>(() => TechniqueCatalogue.Describe(request).Run(made, model));
        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    // Splits as a shell does, for lines whose quoted words hold no quotes of their own kind; a quoted word keeps a mark in front.
    private static object Parse(TechniqueDescription technique, string line)
    {
        string[] words = [.. QuotedWord().Matches(line).Select(word => word.Value[0] is '"' or '\'' ? "\"" + word.Value[1..^1] : word.Value)];
        Assert.Equal(technique.Name, words[0]);
        Dictionary<string, IReadOnlyList<string>> values = [];
        for (int i = 1; i < words.Length; i++)
        {
            if (SharedOptions.Contains(words[i]))
            {
                i++;
            }
            else if (technique.Parameters.FirstOrDefault(parameter => parameter.OptionName == words[i].Split('=')[0]) is { } option)
            {
                string value = option.IsFlag ? "true" : words[i].Contains('=', StringComparison.Ordinal) ? words[i].Split('=')[1] : words[++i];
                values[option.Name] = [.. values.GetValueOrDefault(option.Name) ?? [], value.TrimStart('"')];
            }
            else
            {
                Assert.StartsWith("\"", words[i], StringComparison.Ordinal);
                values.Add(technique.Parameters.Single(parameter => parameter.IsArgument).Name, [words[i][1..]]);
            }
        }

        return technique.CreateRequest(values);
    }

    [GeneratedRegex("""
        "[^"]*"|'[^']*'|[^\s"']+
        """)]
    private static partial Regex QuotedWord();
}
