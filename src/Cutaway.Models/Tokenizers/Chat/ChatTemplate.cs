using System.Globalization;
using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>
/// A chat template: a Jinja program that writes a conversation as the text that a model was trained on. What published templates use is understood, as they are
/// rendered elsewhere (line breaks after statements are dropped); a template that does not end is stopped.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Statement body;

    private ChatTemplate(Statement body) => this.body = body;

    /// <summary>Reads a template.</summary>
    /// <exception cref="CutawayException">It is not well formed, or uses what is not known here; the message names the line.</exception>
    public static ChatTemplate Parse(string text)
    {
        try
        {
            return new ChatTemplate(TemplateParser.Parse(TemplateLexer.Read(text)));
        }
        catch (TemplateFaultException fault)
        {
            throw Fault(fault, fault.Line ?? 1);
        }
    }

    /// <summary>Writes a conversation.</summary>
    /// <param name="messages">The turns, in order.</param>
    /// <param name="options">What else the template is given.</param>
    /// <exception cref="CutawayException">The template refuses the conversation, or cannot be carried out.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        TemplateRun run = new();
        TemplateScope scope = new(run)
        {
            ["add_generation_prompt"] = options.AddGenerationPrompt,
            ["bos_token"] = options.BosToken ?? "",
            ["eos_token"] = options.EosToken ?? "",
            ["tools"] = TemplateJson.Read(options.Tools),
            ["documents"] = TemplateJson.Read(options.Documents),
            ["namespace"] = (TemplateFunction)((given, named) => new TemplateNamespace(TemplateValues.Mapping(given, named))),
            ["dict"] = (TemplateFunction)((given, named) => TemplateValues.Mapping(given, named)),
            ["range"] = (TemplateFunction)((arguments, _) => Range(arguments)),
            ["raise_exception"] = (TemplateFunction)((arguments, _) => throw CutawayException.Input($"the chat template refuses the conversation: {TemplateValues.Text(arguments.ElementAtOrDefault(0))}")),
            ["strftime_now"] = (TemplateFunction)((arguments, _) => Time(options.Now ?? DateTime.Now, TemplateValues.Text(arguments.ElementAtOrDefault(0)))),
        };
        foreach ((string name, object? value) in TemplateJson.Read(options.Variables) as Dictionary<string, object?> ?? [])
        {
            scope[name] = value;
        }

        scope["messages"] = messages.Select(object? (message) => Fields(message)).ToList();
        StringBuilder output = new();
        try
        {
            body(scope, output);
        }
        catch (TemplateFaultException fault)
        {
            throw Fault(fault, run.Line);
        }

        return output.ToString();
    }

    private static Dictionary<string, object?> Fields(ChatMessage message)
    {
        Dictionary<string, object?> fields = new(StringComparer.Ordinal) { ["role"] = message.Role, ["content"] = message.Content };
        foreach ((string name, object? value) in TemplateJson.Read(message.Fields) as Dictionary<string, object?> ?? [])
        {
            fields[name] = value;
        }

        return fields;
    }

    private static CutawayException Fault(TemplateFaultException fault, int line) =>
        CutawayException.Model(string.Create(CultureInfo.InvariantCulture, $"the chat template fails in line {line}: {fault.Message}"), fault);

    private static List<object?> Range(IReadOnlyList<object?> arguments)
    {
        (long from, long to, long step) = arguments switch
        {
            [long end] => (0L, end, 1L),
            [long start, long end] => (start, end, 1L),
            [long start, long end, long by and not 0] => (start, end, by),
            _ => throw new TemplateFaultException("range takes one to three whole numbers, the last not 0"),
        };
        List<object?> numbers = [];
        for (long at = from; step > 0 ? at < to : at > to; at += step)
        {
            numbers.Add(numbers.Count < 100_000 ? at : throw new TemplateFaultException("range makes more than 100000 numbers"));
        }

        return numbers;
    }

    private static string Time(DateTime now, string format)
    {
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            // A dash drops the leading zero.
            bool bare = format[i] == '%' && i + 2 < format.Length && format[i + 1] == '-';
            i += bare ? 1 : 0;
            string? pattern = (!bare && format[i] != '%') || i + 1 == format.Length ? null : format[i + 1] switch
            {
                'Y' => "yyyy",
                'y' => "yy",
                'm' => "MM",
                'B' => "MMMM",
                'b' => "MMM",
                'd' => "dd",
                'A' => "dddd",
                'a' => "ddd",
                'H' => "HH",
                'I' => "hh",
                'M' => "mm",
                'S' => "ss",
                'p' => "tt",
                '%' => "'%'",
                _ => throw new TemplateFaultException($"strftime_now does not know '%{format[i + 1]}'"),
            };
            string written = pattern is null ? format[i].ToString() : now.ToString(pattern, CultureInfo.InvariantCulture);
            text.Append(bare ? written.TrimStart('0').PadLeft(1, '0') : written);
            i += pattern is null ? 0 : 1;
        }

        return text.ToString();
    }
}
