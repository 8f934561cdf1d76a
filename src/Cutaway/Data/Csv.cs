using System.Text;

namespace Cutaway.Data;

/// <summary>Reads comma-separated values as RFC 4180 writes them: fields with commas, quotes or line breaks stand in quotes, quotes within are doubled.</summary>
internal static class Csv
{
    /// <summary>The records of a text, each with the line it starts on; empty lines are passed over.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="CutawayException">A quote is not closed, or follows or precedes other text of its field.</exception>
    public static IEnumerable<(int Line, IReadOnlyList<string> Fields)> Records(TextReader reader, string file)
    {
        int line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (text.Length == 0)
            {
                continue;
            }

            int start = line;
            List<string> fields = [];
            int at = 0;
            while (at <= text.Length)
            {
                if (at == text.Length || text[at] != '"')
                {
                    int comma = text.IndexOf(',', at);
                    int end = comma < 0 ? text.Length : comma;
                    fields.Add(text[at..end]);
                    at = end + 1;
                    continue;
                }

                StringBuilder field = new();
                at++;
                while (true)
                {
                    int quote = text.IndexOf('"', at);
                    if (quote < 0)
                    {
                        field.Append(text, at, text.Length - at).Append('\n');
                        text = reader.ReadLine() ?? throw CutawayException.Input($"line {start} of {file}: a quote is never closed");
                        line++;
                        at = 0;
                    }
                    else if (quote + 1 < text.Length && text[quote + 1] == '"')
                    {
                        field.Append(text, at, quote + 1 - at);
                        at = quote + 2;
                    }
                    else
                    {
                        field.Append(text, at, quote - at);
                        at = quote + 1;
                        break;
                    }
                }

                if (at < text.Length && text[at] != ',')
                {
                    throw CutawayException.Input($"line {line} of {file}: '{text[at]}' follows a closed quote; a comma was expected");
                }

                fields.Add(field.ToString());
                at++;
            }

            yield return (start, fields);
        }
    }
}
