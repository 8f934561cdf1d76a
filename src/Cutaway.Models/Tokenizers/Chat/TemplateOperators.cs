namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Python's operators.</summary>
internal static class TemplateOperators
{
    private const int MostCompared = 1_000_000;

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
            case ("*", List<object?> list, long count):
                TemplateRun.CheckLength(checked(list.Count * Math.Clamp(count, 0, int.MaxValue)));
                return Enumerable.Repeat(list, (int)Math.Max(0, count)).SelectMany(items => items).ToList();
            case (_, long first, long second) when sign != "/":
                return Whole(sign, first, second);
            case (_, long or double or bool, long or double or bool):
                return Real(sign, Number(left), Number(right));
            default:
                throw new TemplateFaultException($"{TemplateValues.Kind(left)} {sign} {TemplateValues.Kind(right)} makes no sense");
        }
    }

    /// <summary>Whether two values are equal.</summary>
    public static bool AreEqual(object? left, object? right)
    {
        int remaining = MostCompared;
        return AreEqual(left, right, ref remaining);
    }

    private static bool AreEqual(object? left, object? right, ref int remaining)
    {
        if (remaining-- == 0)
        {
            throw new TemplateFaultException($"two values have more than {MostCompared} parts to compare");
        }

        switch (left, right)
        {
            case (Undefined, Undefined):
                return true;
            case (long or double or bool, long or double or bool):
                return Number(left) == Number(right);
            case (List<object?> first, List<object?> second):
                for (int i = 0; first.Count == second.Count && i < first.Count; i++)
                {
                    if (!AreEqual(first[i], second[i], ref remaining))
                    {
                        return false;
                    }
                }

                return first.Count == second.Count;
            case (Dictionary<string, object?> first, Dictionary<string, object?> second):
                foreach ((string key, object? value) in first)
                {
                    if (!second.TryGetValue(key, out object? other) || !AreEqual(value, other, ref remaining))
                    {
                        return false;
                    }
                }

                return first.Count == second.Count;
            default:
                return Equals(left, right);
        }
    }

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
