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
    /// <param name="addGenerationPrompt">Whether the start of the assistant's next turn is written at the end.</param>
    /// <param name="bosToken">The token that starts a text, as it is written.</param>
    /// <param name="eosToken">The token that ends a text, as it is written.</param>
    /// <param name="now">The time that the template may print; null for the present one.</param>
    /// <exception cref="CutawayException">The template refuses the conversation, or cannot be carried out.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, string? bosToken = null, string? eosToken = null, DateTime? now = null)
    {
        TemplateRun run = new();
        TemplateScope scope = new(run)
        {
            ["messages"] = messages.Select(object? (message) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["role"] = message.Role, ["content"] = message.Content }).ToList(),
            ["add_generation_prompt"] = addGenerationPrompt,
            ["bos_token"] = bosToken ?? "",
            ["eos_token"] = eosToken ?? "",
            ["tools"] = null,
            ["documents"] = null,
            ["namespace"] = (TemplateFunction)((_, named) => new TemplateNamespace(named)),
            ["dict"] = (TemplateFunction)((_, named) => new Dictionary<string, object?>(named, StringComparer.Ordinal)),
            ["range"] = (TemplateFunction)((arguments, _) => Range(arguments)),
            ["raise_exception"] = (TemplateFunction)((arguments, _) => throw CutawayException.Input($"the chat template refuses the conversation: {TemplateValues.Text(arguments.ElementAtOrDefault(0))}")),
            ["strftime_now"] = (TemplateFunction)((arguments, _) => Time(now ?? DateTime.Now, TemplateValues.Text(arguments.ElementAtOrDefault(0)))),
        };
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
            string? pattern = format[i] != '%' || i + 1 == format.Length ? null : format[i + 1] switch
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
                _ => throw new TemplateFaultException($"strftime_now does not know '%{format[i + 1]}'"),
            };
            text.Append(pattern is null ? format[i].ToString() : now.ToString(pattern, CultureInfo.InvariantCulture));
            i += pattern is null ? 0 : 1;
        }

        return text.ToString();
    }
}
