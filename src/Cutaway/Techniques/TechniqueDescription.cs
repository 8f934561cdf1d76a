using System.Reflection;
using Cutaway.Findings;

namespace Cutaway.Techniques;

/// <summary>What is known of a technique without running it: its name, its parameters, and how to make and run a request.</summary>
public sealed class TechniqueDescription
{
    private readonly TechniqueAttribute attribute;
    private IReadOnlyList<TechniqueParameter>? parameters;

    internal TechniqueDescription(Type requestType, TechniqueAttribute attribute)
    {
        if (!typeof(ITechnique<Finding>).IsAssignableFrom(requestType))
        {
            throw new InvalidOperationException($"{requestType.Name} carries [Technique] but is no ITechnique<TFinding>");
        }

        RequestType = requestType;
        this.attribute = attribute;
    }

    /// <summary>Its kebab-case name: the command.</summary>
    public string Name => attribute.Name;

    /// <summary>Where it belongs.</summary>
    public Section Section => attribute.Section;

    /// <summary>One sentence.</summary>
    public string Summary => attribute.Summary;

    /// <summary>The curriculum's topic id, or empty.</summary>
    public string Topic => attribute.Topic;

    /// <summary>Example command lines without the leading <c>cutaway</c>.</summary>
    public IReadOnlyList<string> Examples =>
        attribute.Examples.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The request record.</summary>
    public Type RequestType { get; }

    /// <summary>What a request is made of, in the order of the record's constructor.</summary>
    public IReadOnlyList<TechniqueParameter> Parameters => parameters ??= Describe();

    /// <summary>Makes a request from text, as a command line, a form or a query string gives it.</summary>
    /// <param name="values">Texts by kebab-case parameter name; a parameter left out takes its default.</param>
    /// <exception cref="CutawayException">A name is unknown, a value is missing, malformed or out of its range.</exception>
    public object CreateRequest(IReadOnlyDictionary<string, IReadOnlyList<string>> values)
    {
        foreach (string name in values.Keys)
        {
            if (!Parameters.Any(parameter => parameter.Name == name))
            {
                throw CutawayException.Usage($"{Name} has no option '{name}'{NearNames.Suggest(name, Parameters.Select(parameter => parameter.Name))}");
            }
        }

        object?[] arguments = new object?[Parameters.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            TechniqueParameter parameter = Parameters[i];
            if (values.TryGetValue(parameter.Name, out IReadOnlyList<string>? texts) && texts.Count > 0)
            {
                arguments[i] = parameter.Parse(texts);
            }
            else if (parameter.Required)
            {
                throw CutawayException.Usage($"{parameter.OptionName} is missing: {parameter.Help}");
            }
            else
            {
                arguments[i] = parameter.Default;
            }
        }

        return Constructor().Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    /// <summary>Checks the ranges that a request's properties declare.</summary>
    /// <exception cref="CutawayException">A value is out of its range.</exception>
    public void Validate(object request)
    {
        foreach (TechniqueParameter parameter in Parameters)
        {
            parameter.Validate(parameter.ValueIn(request));
        }
    }

    /// <summary>Validates and runs a request; the finding says where it comes from.</summary>
    /// <param name="request">A request of <see cref="RequestType"/>.</param>
    /// <param name="model">The model to look into.</param>
    /// <param name="progress">Reports and cancels long work.</param>
    /// <exception cref="CutawayException">The request, the prompt or the model does not fit.</exception>
    public Finding Run(object request, LanguageModel model, Progress progress = default)
    {
        Validate(request);
        return ((ITechnique<Finding>)request).Run(model, progress) with { Provenance = Provenance.Of(request, model) };
    }

    /// <summary>The same for a request whose finding's type is known.</summary>
    /// <inheritdoc cref="Run(object, LanguageModel, Progress)"/>
    public static TFinding Run<TFinding>(ITechnique<TFinding> request, LanguageModel model, Progress progress = default)
        where TFinding : Finding => (TFinding)TechniqueCatalogue.Describe(request.GetType()).Run(request, model, progress);

    private ConstructorInfo Constructor() =>
        RequestType.GetConstructors() is [var only]
            ? only
            : throw new InvalidOperationException($"{RequestType.Name} needs exactly one public constructor: make it a positional record");

    private TechniqueParameter[] Describe()
    {
        TechniqueParameter[] described = [.. Constructor().GetParameters().Select(parameter => new TechniqueParameter(
            parameter,
            RequestType.GetProperty(parameter.Name!) ?? throw new InvalidOperationException($"{RequestType.Name} has no property '{parameter.Name}'")))];
        return described.Count(parameter => parameter.IsArgument) <= 1
            ? described
            : throw new InvalidOperationException($"{RequestType.Name} has more than one positional argument");
    }
}
