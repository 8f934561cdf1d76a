namespace Cutaway.Cli.Parsing;

/// <summary>
/// Reads the words after a command's name. Arguments are prompts, that is, any text: nothing in them has a meaning but a
/// leading dash, and after <c>--</c> not even that.
/// </summary>
internal static class ArgumentParser
{
    /// <summary>Reads words into values by parameter name; a flag's value is <c>true</c>.</summary>
    /// <exception cref="CutawayException">An option is unknown, lacks its value, has one too many, or an argument is one too many.</exception>
    public static Dictionary<string, IReadOnlyList<string>> Parse(Command command, IEnumerable<string> words)
    {
        Dictionary<string, IReadOnlyList<string>> values = new(StringComparer.Ordinal);
        Queue<string> rest = new(words);
        List<string> arguments = [];
        bool onlyArguments = false;
        while (rest.TryDequeue(out string? word))
        {
            if (onlyArguments || !IsOption(word))
            {
                arguments.Add(word);
            }
            else if (word == "--")
            {
                onlyArguments = true;
            }
            else
            {
                ReadOption(command, word, rest, values);
            }
        }

        Place(command, arguments, values);
        return values;
    }

    private static void ReadOption(Command command, string word, Queue<string> rest, Dictionary<string, IReadOnlyList<string>> values)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        string? joined = equals < 0 ? null : word[(equals + 1)..];
        Parameter option = command.All.FirstOrDefault(parameter => !parameter.IsArgument && parameter.Display == name)
            ?? throw Unknown(command, name);
        string value;
        if (option.IsFlag)
        {
            value = joined is null ? "true" : throw CutawayException.Usage($"{name} takes no value; write {name} alone");
        }
        else if (joined is not null)
        {
            value = joined;
        }
        else if (option.Alone is not null)
        {
            value = rest.TryPeek(out string? after) && after.EndsWith(option.Ending, StringComparison.OrdinalIgnoreCase) ? rest.Dequeue() : option.Alone;
        }
        else if (!rest.TryPeek(out string? next) || next == "--" || command.All.Any(other => !other.IsArgument && other.Display == next))
        {
            throw CutawayException.Usage($"{name} needs a value: {name} {option.Hint} ({option.Help})");
        }
        else
        {
            value = rest.Dequeue();
        }

        if (!values.TryGetValue(option.Name, out IReadOnlyList<string>? before))
        {
            values[option.Name] = [value];
        }
        else if (option.IsRepeatable)
        {
            values[option.Name] = [.. before, value];
        }
        else if (!option.IsFlag)
        {
            throw CutawayException.Usage($"{name} was given twice, with '{before[0]}' and '{value}'; give it once");
        }
    }

    private static void Place(Command command, List<string> arguments, Dictionary<string, IReadOnlyList<string>> values)
    {
        Parameter[] places = [.. command.Parameters.Where(parameter => parameter.IsArgument)];
        bool many = places is [.., { IsRepeatable: true }];
        if (arguments.Count > places.Length && !many)
        {
            string what = places.Length == 0 ? "no argument" : places.Length == 1 ? "one argument, " + places[0].Display : string.Join(" and ", places.Select(place => place.Display));
            throw CutawayException.Usage(
                $"'{arguments[places.Length]}' is one argument too many: {command.Name} takes {what}. A text with blanks goes in quotation marks");
        }

        // Where an optional argument comes before one that is needed, a single word is the needed one.
        int first = places.Length == 2 && arguments.Count == 1 && !places[0].Required
            && (places[1].Required || (places[1].Unless is { } other && !values.ContainsKey(other))) ? 1 : 0;
        for (int i = 0; i < Math.Min(arguments.Count, places.Length); i++)
        {
            values[places[first + i].Name] = many && first + i == places.Length - 1 ? arguments[i..] : [arguments[i]];
        }

        if (command.All.FirstOrDefault(parameter => parameter.Required && !values.ContainsKey(parameter.Name)) is { } missing)
        {
            throw CutawayException.Usage($"{missing.Display} is missing: {missing.Help}");
        }
    }

    private static CutawayException Unknown(Command command, string name)
    {
        string near = NearNames.Suggest(name, command.All.Where(parameter => !parameter.IsArgument).Select(parameter => parameter.Display));
        return CutawayException.Usage(name.StartsWith("--", StringComparison.Ordinal)
            ? $"{command.Name} has no option '{name}'{near}"
            : $"'{name}' looks like an option, but {command.Name} has none of that name{near}; write -- before a text that begins with a dash");
    }

    // A dash alone is a name for standard output, and -3 is a number.
    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-' && !char.IsAsciiDigit(word[1]) && word[1] != '.';
}
