using System.Reflection;
using Cutaway.Techniques;

namespace Cutaway.Findings;

/// <summary>What is needed to get the same numbers again.</summary>
/// <param name="Technique">The technique's command name.</param>
/// <param name="Model">The model as it was named.</param>
/// <param name="ModelHash">A hash of the model's weights file or files.</param>
/// <param name="DType">The precision of the computation.</param>
/// <param name="Processing">Weight processing that was applied, in order.</param>
/// <param name="Version">The version of Cutaway.</param>
/// <param name="CSharp">The C# lines that do the same.</param>
/// <param name="CommandLine">The command that does the same.</param>
public sealed record Provenance(
    string Technique, string Model, string ModelHash, string DType, IReadOnlyList<string> Processing, string Version, string CSharp, string CommandLine)
{
    /// <summary>The seed, where chance plays a part.</summary>
    public int? Seed { get; init; }

    /// <summary>Writes down where a request's numbers come from.</summary>
    /// <param name="request">The request, of a type that carries a <see cref="TechniqueAttribute"/>.</param>
    /// <param name="model">The model it runs on.</param>
    public static Provenance Of(object request, LanguageModel model)
    {
        TechniqueDescription technique = TechniqueCatalogue.Describe(request.GetType());
        string dtype = model.DType == Tensors.DType.Float32 ? "float32" : "float64";
        return new Provenance(
            technique.Name,
            model.Name,
            model.Hash,
            dtype,
            model.Config.AppliedProcessing,
            typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            Reproduction.CSharp(technique, request, model.Name, dtype, model.Source?.Text),
            Reproduction.CommandLine(technique, request, model.Name, dtype, model.Source?.Text))
        {
            Seed = technique.Parameters.FirstOrDefault(parameter => parameter.Name == "seed")?.ValueIn(request) as int?,
        };
    }
}
