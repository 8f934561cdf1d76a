using System.Text;
using Cutaway.Loading;

namespace Cutaway.Techniques;

/// <summary>Writes a request down as the command and as the C# that repeat it; values equal to their defaults are left out.</summary>
internal static class Reproduction
{
    /// <summary>The command line, quoted for a POSIX shell.</summary>
    public static string CommandLine(TechniqueDescription technique, object request, string model, string dtype, string? source = null)
    {
        StringBuilder line = new("cutaway ");
        line.Append(technique.Name);
        string after = "";
        foreach ((TechniqueParameter parameter, object value) in Given(technique, request).OrderByDescending(pair => pair.Parameter.IsArgument))
        {
            if (parameter.IsArgument)
            {
                string text = parameter.Format(value)[0];
                if (text.StartsWith('-'))
                {
                    after = " -- " + Quote(text);
                }
                else
                {
                    line.Append(' ').Append(Quote(text));
                }
            }
            else if (parameter.IsFlag)
            {
                line.Append(' ').Append(parameter.OptionName);
            }
            else
            {
                foreach (string text in parameter.Format(value))
                {
                    line.Append(' ').Append(parameter.OptionName).Append(text.StartsWith('-') ? '=' : ' ').Append(Quote(text));
                }
            }
        }

        if (model != EmbeddedModels.Default)
        {
            line.Append(" --model ").Append(Quote(model));
        }

        if (source is not null)
        {
            line.Append(" --encoder-text").Append(source.StartsWith('-') ? '=' : ' ').Append(Quote(source));
        }

        if (dtype != "float32")
        {
            line.Append(" --dtype ").Append(dtype);
        }

        return line.Append(after).ToString();
    }

    /// <summary>The C# statements.</summary>
    public static string CSharp(TechniqueDescription technique, object request, string model, string dtype, string? source = null)
    {
        string precision = dtype == "float32" ? "" : ", DType.Float64";
        IEnumerable<string> arguments = Given(technique, request)
            .Select(pair => pair.Parameter.Required
                ? pair.Parameter.CSharp(pair.Value)
                : $"{pair.Parameter.PropertyName}: {pair.Parameter.CSharp(pair.Value)}");
        return $"""
            var model = LanguageModel.Load("{Escape(model)}"{precision}){(source is null ? "" : $".Reading(\"{Escape(source)}\")")};
            var finding = new {technique.RequestType.Name}({string.Join(", ", arguments)}).Run(model);
            """;
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static IEnumerable<(TechniqueParameter Parameter, object Value)> Given(TechniqueDescription technique, object request)
    {
        foreach (TechniqueParameter parameter in technique.Parameters)
        {
            if (parameter.ValueIn(request) is { } value && (parameter.Required || !value.Equals(parameter.Default)))
            {
                yield return (parameter, value);
            }
        }
    }

    private static string Quote(string text)
    {
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,=+@%".Contains(c, StringComparison.Ordinal)))
        {
            return text;
        }

        return text.Any(c => c is '"' or '\\' or '$' or '`' or '!')
            ? "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'"
            : "\"" + text + "\"";
    }
}
