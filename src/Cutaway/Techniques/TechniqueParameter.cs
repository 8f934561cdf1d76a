using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Cutaway.Techniques;

/// <summary>One property of a request: an option of a command, a field of a form.</summary>
public sealed class TechniqueParameter
{
    private readonly PropertyInfo property;
    private readonly ParameterType type;

    internal TechniqueParameter(ParameterInfo parameter, PropertyInfo property)
    {
        this.property = property;
        type = ParameterType.Of(parameter.ParameterType, property);
        HelpAttribute help = property.GetCustomAttribute<HelpAttribute>()
            ?? throw new InvalidOperationException($"{property.DeclaringType!.Name}.{property.Name} carries no [property: Help]");
        Name = KebabCase.Of(property.Name);
        Help = help.Text;
        IsArgument = help.Argument;
        Required = !parameter.HasDefaultValue;
        Default = parameter.HasDefaultValue ? parameter.DefaultValue ?? DefaultOf(parameter.ParameterType) : null;
        if (Default is not null && type.Scalar.IsEnum && Default is not Enum)
        {
            Default = Enum.ToObject(type.Scalar, Default);
        }
    }

    /// <summary>Its kebab-case name, such as <c>top-tokens</c>.</summary>
    public string Name { get; }

    /// <summary>As a command line writes it: <c>--top-tokens</c>, or <c>PROMPT</c> for the positional argument.</summary>
    public string OptionName => IsArgument ? Name.ToUpperInvariant() : "--" + Name;

    /// <summary>The property's name in the request record.</summary>
    public string PropertyName => property.Name;

    /// <summary>A few words.</summary>
    public string Help { get; }

    /// <summary>Whether it is the command's positional argument.</summary>
    public bool IsArgument { get; }

    /// <summary>Whether there is no default.</summary>
    public bool Required { get; }

    /// <summary>Whether it is a yes or no that is off by default: a flag without a value.</summary>
    public bool IsFlag => type.Scalar == typeof(bool) && Default is false;

    /// <summary>Whether it takes several values.</summary>
    public bool IsList => type.IsList;

    /// <summary>What a value is: <c>TEXT</c>, <c>N</c>, <c>X</c>, or the choices as <c>mean|zero</c>.</summary>
    public string ValueHint => type.Hint;

    /// <summary>The names to choose from, or empty where any value of the type will do.</summary>
    public IReadOnlyList<string> Choices => type.Choices;

    /// <summary>The default, or null.</summary>
    public object? Default { get; }

    /// <summary>The default as text, or null where there is none to show.</summary>
    public string? DefaultText => Default is null ? null : string.Join(",", type.Format(Default));

    /// <summary>The allowed range as text, such as <c>1 to 50</c>, or null.</summary>
    public string? RangeText => property.GetCustomAttribute<RangeAttribute>() is { } range ? Describe(range) : null;

    /// <summary>Reads a value from text.</summary>
    /// <param name="texts">One text, or several for a list.</param>
    /// <exception cref="CutawayException">A text is malformed, or the value is out of its range.</exception>
    public object? Parse(IReadOnlyList<string> texts)
    {
        if (!IsList && texts.Count > 1)
        {
            throw CutawayException.Usage($"{OptionName} was given {texts.Count} times; expected once");
        }

        object? value = type.Parse(texts, OptionName, RangeText);
        Validate(value);
        return value;
    }

    /// <summary>The texts that <see cref="Parse"/> reads as a value.</summary>
    public IReadOnlyList<string> Format(object value) => type.Format(value);

    /// <summary>The value that a request holds.</summary>
    public object? ValueIn(object request) => property.GetValue(request);

    internal string CSharp(object value) => type.CSharp(value);

    internal void Validate(object? value)
    {
        if (value is null)
        {
            return;
        }

        foreach (object? one in type.IsList ? ((System.Collections.IEnumerable)value).Cast<object?>() : [value])
        {
            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(one))
                {
                    string expected = rule is RangeAttribute range ? "expected " + Describe(range) : rule.FormatErrorMessage(OptionName);
                    throw CutawayException.Usage($"{OptionName}: {type.FormatOne(one!)} is out of range; {expected}");
                }
            }
        }
    }

    private static object? DefaultOf(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;

    private static string Describe(RangeAttribute range) =>
        FormattableString.Invariant($"{range.Minimum} to {range.Maximum}") switch
        {
            var text when range.Maximum is int.MaxValue or double.MaxValue or double.PositiveInfinity =>
                FormattableString.Invariant($"at least {range.Minimum}"),
            var text => text,
        };
}
