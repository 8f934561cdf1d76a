namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Python's operators.</summary>
internal static class TemplateOperators
{
    /// <summary>A comparison.</summary>
    public static bool Compare(string sign, object? left, object? right) => sign switch
    {
        "==" => AreEqual(left, right),
        "!=" => !AreEqual(left, right),
        "in" => Contains(right, left),
        "not in" => !Contains(right, left),
        "<" => Order(left, right) < 0,
        "<=" => Order(left, right) <= 0,
        ">" => Order(left, right) > 0,
        _ => Order(left, right) >= 0,
    };

    /// <summary>Arithmetic, and the joining of texts and lists.</summary>
    public static object? Binary(string sign, object? left, object? right)
    {
        switch (sign, left, right)
        {
            case ("~", _, _):
                return Joined(TemplateValues.Text(left), TemplateValues.Text(right));
            case ("+", string first, string second):
                return Joined(first, second);
            case ("+", List<object?> first, List<object?> second):
                TemplateRun.CheckLength((long)first.Count + second.Count);
                return new List<object?>([.. first, .. second]);
            case ("*", string text, long count):
                TemplateRun.CheckLength(checked(text.Length * Math.Clamp(count, 0, int.MaxValue)));
                return string.Concat(Enumerable.Repeat(text, (int)Math.Max(0, count)));
            case (_, long first, long second) when sign != "/":
                return Whole(sign, first, second);
            case (_, long or double or bool, long or double or bool):
                return Real(sign, Number(left), Number(right));
            default:
                throw new TemplateFaultException($"{TemplateValues.Kind(left)} {sign} {TemplateValues.Kind(right)} makes no sense");
        }
    }

    /// <summary>Whether two values are equal.</summary>
    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (Undefined, Undefined) => true,
        (long or double or bool, long or double or bool) => Number(left) == Number(right),
        (List<object?> first, List<object?> second) => first.Count == second.Count && first.Zip(second).All(pair => AreEqual(pair.First, pair.Second)),
        (Dictionary<string, object?> first, Dictionary<string, object?> second) =>
            first.Count == second.Count && first.All(pair => second.TryGetValue(pair.Key, out object? other) && AreEqual(pair.Value, other)),
        _ => Equals(left, right),
    };

    /// <summary>Below, at or above 0 as the first comes before, with or after the second.</summary>
    public static int Order(object? left, object? right) => (left, right) switch
    {
        (string first, string second) => string.CompareOrdinal(first, second),
        (long or double or bool, long or double or bool) => Number(left).CompareTo(Number(right)),
        _ => throw new TemplateFaultException($"{TemplateValues.Kind(left)} and {TemplateValues.Kind(right)} have no order"),
    };

    private static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw new TemplateFaultException($"{TemplateValues.Kind(item)} cannot be in a text"),
        List<object?> list => list.Exists(other => AreEqual(other, item)),
        Dictionary<string, object?> mapping => item is string key && mapping.ContainsKey(key),
        Undefined => false,
        _ => throw new TemplateFaultException($"nothing can be in {TemplateValues.Kind(container)}"),
    };

    private static object Whole(string sign, long left, long right)
    {
        try
        {
            // The first cast keeps whole numbers whole.
            return sign switch
            {
                "+" => (object)checked(left + right),
                "-" => checked(left - right),
                "*" => checked(left * right),
                "//" => left / right - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0),
                "%" => ((left % right) + right) % right,
                _ when right >= 0 => checked((long)Math.Pow(left, right)),
                _ => Math.Pow(left, right),
            };
        }
        catch (ArithmeticException)
        {
            throw new TemplateFaultException($"{left} {sign} {right} has no value");
        }
    }

    private static double Real(string sign, double left, double right) => sign switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "**" => Math.Pow(left, right),
        _ when right == 0 => throw new TemplateFaultException($"{left} {sign} 0 has no value"),
        "/" => left / right,
        "//" => Math.Floor(left / right),
        _ => left - (right * Math.Floor(left / right)),
    };

    private static double Number(object? value) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => (double)value!,
    };

    private static string Joined(string left, string right)
    {
        TemplateRun.CheckLength((long)left.Length + right.Length);
        return left + right;
    }
}
