using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Cutaway.Techniques;

/// <summary>How values of a parameter's type are read from text and written as text and as C#.</summary>
internal sealed class ParameterType
{
    private readonly MethodInfo? parse;
    private readonly Type declared;

    private ParameterType(Type declared, Type scalar, bool isList, MethodInfo? parse)
    {
        this.declared = declared;
        this.parse = parse;
        Scalar = scalar;
        IsList = isList;
        Choices = scalar.IsEnum ? [.. Enum.GetNames(scalar).Select(KebabCase.Of)] : [];
    }

    /// <summary>The type of one value.</summary>
    public Type Scalar { get; }

    /// <summary>Whether there may be several.</summary>
    public bool IsList { get; }

    /// <summary>The names of an enumeration's values.</summary>
    public IReadOnlyList<string> Choices { get; }

    /// <summary>What one value is, for help.</summary>
    public string Hint =>
        Scalar.IsEnum ? string.Join('|', Choices)
        : Scalar == typeof(int) ? "N"
        : Scalar == typeof(double) ? "X"
        : Scalar == typeof(bool) ? "true|false"
        : "TEXT";

    /// <summary>Reads a declaration; refuses types that no surface can show.</summary>
    public static ParameterType Of(Type declared, PropertyInfo property)
    {
        Type scalar = Nullable.GetUnderlyingType(declared) ?? declared;
        bool isList = scalar.IsArray || (scalar.IsGenericType && scalar.GetGenericTypeDefinition() == typeof(IReadOnlyList<>));
        if (isList)
        {
            scalar = scalar.IsArray ? scalar.GetElementType()! : scalar.GetGenericArguments()[0];
        }

        if (scalar.IsEnum || scalar == typeof(string) || scalar == typeof(int) || scalar == typeof(double) || scalar == typeof(bool))
        {
            return new ParameterType(declared, scalar, isList, null);
        }

        MethodInfo parse = scalar.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string)])
            ?? throw new InvalidOperationException(
                $"{property.DeclaringType!.Name}.{property.Name} is a {scalar.Name}: expected string, int, double, bool, an enum, "
                + "a type with a static Parse(string), or a list of one of these");
        return new ParameterType(declared, scalar, isList, parse);
    }

    /// <summary>Reads a value; numbers and choices of a list may also be joined by commas.</summary>
    public object? Parse(IReadOnlyList<string> texts, string option, string? range)
    {
        if (!IsList)
        {
            return ParseOne(texts[0], option, range);
        }

        bool split = Scalar.IsEnum || Scalar == typeof(int) || Scalar == typeof(double);
        string[] items = [.. split ? texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries)) : texts];
        Array values = Array.CreateInstance(Scalar, items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            values.SetValue(ParseOne(items[i], option, range), i);
        }

        return values;
    }

    /// <summary>The texts that <see cref="Parse"/> reads as a value.</summary>
    public IReadOnlyList<string> Format(object value) =>
        IsList ? [.. ((IEnumerable)value).Cast<object>().Select(FormatOne)] : [FormatOne(value)];

    /// <summary>One value as text.</summary>
    public string FormatOne(object value) => value switch
    {
        Enum choice => KebabCase.Of(choice.ToString()),
        bool yes => yes ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A value as a C# expression.</summary>
    public string CSharp(object value) =>
        IsList ? "[" + string.Join(", ", ((IEnumerable)value).Cast<object>().Select(CSharpOne)) + "]" : CSharpOne(value);

    /// <inheritdoc/>
    public override string ToString() => declared.Name;

    private string CSharpOne(object value) => value switch
    {
        Enum choice => $"{Scalar.Name}.{choice}",
        string text => Literal(text),
        Prompt { Ids: { } ids } => $"Prompt.FromIds({string.Join(", ", ids)})",
        _ when parse is not null => $"{Scalar.Name}.Parse({Literal(FormatOne(value))})",
        _ => FormatOne(value),
    };

    private object? ParseOne(string text, string option, string? range)
    {
        if (Scalar == typeof(string))
        {
            return text;
        }

        string expected = range is null ? "" : $"; expected {range}";
        if (Scalar == typeof(int))
        {
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole)
                ? whole
                : throw CutawayException.Usage($"{option}: '{text}' is not a whole number{expected}");
        }

        if (Scalar == typeof(double))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? number
                : throw CutawayException.Usage($"{option}: '{text}' is not a number{expected}");
        }

        if (Scalar == typeof(bool))
        {
            return bool.TryParse(text, out bool yes)
                ? yes
                : throw CutawayException.Usage($"{option}: '{text}' is neither true nor false");
        }

        if (Scalar.IsEnum)
        {
            string[] names = Enum.GetNames(Scalar);
            int found = Array.FindIndex(names, name => string.Equals(KebabCase.Of(name), text, StringComparison.OrdinalIgnoreCase)
                || string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
            return found >= 0
                ? Enum.Parse(Scalar, names[found])
                : throw CutawayException.Usage($"{option}: '{text}' is not one of {string.Join(", ", Choices)}");
        }

        try
        {
            return parse!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [text], null);
        }
        catch (FormatException e)
        {
            throw CutawayException.Usage($"{option}: '{text}': {e.Message}");
        }
    }

    private static string Literal(string text)
    {
        StringBuilder quoted = new("\"", text.Length + 2);
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
