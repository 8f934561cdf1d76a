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
    /// <param name="model">The model as it was named.</param>
    /// <param name="modelHash">A hash of the model's weights.</param>
    /// <param name="dtype">The precision: <c>float32</c> or <c>float64</c>.</param>
    /// <param name="processing">Weight processing that was applied, in order.</param>
    public static Provenance Of(object request, string model, string modelHash, string dtype, IReadOnlyList<string> processing)
    {
        TechniqueDescription technique = TechniqueCatalogue.Describe(request.GetType());
        return new Provenance(
            technique.Name,
            model,
            modelHash,
            dtype,
            processing,
            typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            Reproduction.CSharp(technique, request, model, dtype),
            Reproduction.CommandLine(technique, request, model, dtype));
    }
}
