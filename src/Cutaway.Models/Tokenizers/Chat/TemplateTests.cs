namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>A test, <c>value is name</c>, with its argument if it has one.</summary>
internal delegate bool TemplateTest(object? value, object? argument);

/// <summary>The tests that templates use.</summary>
internal static class TemplateTests
{
    private static readonly Dictionary<string, TemplateTest> All = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not Undefined,
        ["undefined"] = (value, _) => value is Undefined,
        ["none"] = (value, _) => value is null,
        ["string"] = (value, _) => value is string,
        ["number"] = (value, _) => value is long or double,
        ["integer"] = (value, _) => value is long,
        ["float"] = (value, _) => value is double,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["mapping"] = (value, _) => value is Dictionary<string, object?>,
        ["sequence"] = (value, _) => value is string or List<object?> or Dictionary<string, object?>,
        ["iterable"] = (value, _) => value is string or List<object?> or Dictionary<string, object?>,
        ["callable"] = (value, _) => value is TemplateFunction,
        ["odd"] = (value, _) => value is long number && number % 2 != 0,
        ["even"] = (value, _) => value is long number && number % 2 == 0,
        ["divisibleby"] = (value, argument) => value is long number && argument is long divisor and not 0 && number % divisor == 0,
        ["in"] = (value, argument) => TemplateOperators.Compare("in", value, argument),
        ["eq"] = TemplateOperators.AreEqual,
        ["equalto"] = TemplateOperators.AreEqual,
        ["sameas"] = TemplateOperators.AreEqual,
        ["lower"] = (value, _) => value is string text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
        ["upper"] = (value, _) => value is string text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["lt"] = (value, argument) => TemplateOperators.Order(value, argument) < 0,
        ["lessthan"] = (value, argument) => TemplateOperators.Order(value, argument) < 0,
        ["le"] = (value, argument) => TemplateOperators.Order(value, argument) <= 0,
        ["gt"] = (value, argument) => TemplateOperators.Order(value, argument) > 0,
        ["greaterthan"] = (value, argument) => TemplateOperators.Order(value, argument) > 0,
        ["ge"] = (value, argument) => TemplateOperators.Order(value, argument) >= 0,
        ["ne"] = (value, argument) => !TemplateOperators.AreEqual(value, argument),
    };

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => All.Keys;

    /// <summary>The test of a name, or null.</summary>
    public static TemplateTest? Find(string name) => All.GetValueOrDefault(name);
}
