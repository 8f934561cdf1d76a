using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cutaway.Organisms.Fable;

namespace Cutaway.Data;

/// <summary>
/// Reads prompt pairs from .csv or .jsonl, by the names of the columns: clean, corrupt(ed), answer, versus; or those of
/// published sets: clean, corrupted, label (greater-than, Hanna et al. 2023), clean, corrupted, correct_idx, incorrect_idx
/// (indirect objects), clean_prefix, patch_prefix, clean_answer, patch_answer (agreement, Marks et al. 2024).
/// </summary>
public static partial class PairFile
{
    private const string Shapes = "clean,corrupt,answer,versus; clean,corrupted,label; clean,corrupted,correct_idx,incorrect_idx; clean_prefix,patch_prefix,clean_answer,patch_answer";

    /// <summary>Reads the first pairs of a file.</summary>
    /// <param name="path">The file; its name ends in .csv or .jsonl.</param>
    /// <param name="count">At most how many.</param>
    /// <exception cref="CutawayException">The file cannot be read, has other columns, or a row is malformed; the message names the line.</exception>
    public static IReadOnlyList<PromptPair> Read(string path, int count)
    {
        string kind = Path.GetExtension(path).ToUpperInvariant();
        if (kind is not (".CSV" or ".JSONL"))
        {
            throw CutawayException.Usage($"--pairs '{path}' is neither a .csv or .jsonl file nor a generator ({string.Join(", ", PairGenerators.Names)}){NearNames.Suggest(path, PairGenerators.Names)}");
        }

        List<PromptPair> pairs = [];
        try
        {
            using StreamReader reader = new(path);
            IEnumerable<PairRow> rows = kind == ".CSV" ? CsvRows(reader, Path.GetFileName(path)) : JsonRows(reader, Path.GetFileName(path));
            pairs.AddRange(rows.Take(count).Select(Pair));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the pairs {path} cannot be read: {error.Message}", error);
        }

        return pairs.Count > 0 ? pairs : throw CutawayException.Input($"{path} holds no pairs");
    }

    private static PromptPair Pair(PairRow row)
    {
        string clean = row.Of("clean", "clean_prefix");
        string corrupt = row.Of("corrupt", "corrupted", "patch_prefix");
        if (row.Has("label"))
        {
            string label = row.Of("label");
            return int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out int year) && year is > 0 and < 99
                ? new PromptPair(clean, corrupt, YearTexts.TwoDigits(year + 1), YearTexts.TwoDigits(year - 1)) { Year = year, Origin = row.Origin }
                : throw row.Malformed($"the label '{label}' is not a year's last two digits, 01 to 98");
        }

        if (row.Has("correct_idx") && !row.Has("answer"))
        {
            // The ids are those of one tokenizer; the names themselves are in the sentence.
            (string answer, string versus) = Names(row, clean);
            return new PromptPair(clean, corrupt, answer, versus) { Origin = row.Origin };
        }

        return new PromptPair(clean, corrupt, row.Of("answer", "clean_answer"), row.Of("versus", "patch_answer")) { Origin = row.Origin };
    }

    /// <summary>Of the two names joined by "and", the one that does not come again and the one that does.</summary>
    private static (string Answer, string Versus) Names(PairRow row, string clean)
    {
        Match both = JoinedNames().Match(clean);
        string rest = both.Success ? clean[(both.Index + both.Length)..] : "";
        bool first = both.Success && rest.Contains(both.Groups[1].Value, StringComparison.Ordinal);
        bool second = both.Success && rest.Contains(both.Groups[2].Value, StringComparison.Ordinal);
        return first == second
            ? throw row.Malformed("the clean prompt has no two names joined by 'and' of which one comes again")
            : first ? ($" {both.Groups[2].Value}", $" {both.Groups[1].Value}")
            : ($" {both.Groups[1].Value}", $" {both.Groups[2].Value}");
    }

    [GeneratedRegex(@"\b(\p{Lu}\p{L}*) and (\p{Lu}\p{L}*)")]
    private static partial Regex JoinedNames();

    private static IEnumerable<PairRow> CsvRows(StreamReader reader, string file)
    {
        IReadOnlyList<string>? columns = null;
        foreach ((int line, IReadOnlyList<string> fields) in Csv.Records(reader, file))
        {
            if (columns is null)
            {
                columns = fields;
                if (columns.Distinct().Count() < columns.Count)
                {
                    throw CutawayException.Input($"the heading of {file} names a column twice ({string.Join(", ", columns)})");
                }

                continue;
            }

            string origin = $"line {line} of {file}";
            if (fields.Count != columns.Count)
            {
                throw CutawayException.Input($"{origin} has {fields.Count} fields; its heading names {columns.Count} ({string.Join(", ", columns)})");
            }

            Dictionary<string, string> values = [];
            for (int i = 0; i < columns.Count; i++)
            {
                values[columns[i]] = fields[i];
            }

            yield return new PairRow(values, origin);
        }
    }

    private static IEnumerable<PairRow> JsonRows(StreamReader reader, string file)
    {
        int line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return new PairRow(Fields(text, $"line {line} of {file}"), $"line {line} of {file}");
            }
        }
    }

    private static Dictionary<string, string> Fields(string text, string origin)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().GroupBy(field => field.Name)
                    .ToDictionary(group => group.Key, group => group.Last().Value.ValueKind == JsonValueKind.String ? group.Last().Value.GetString()! : group.Last().Value.GetRawText())
                : throw CutawayException.Input($"{origin} is not a JSON object");
        }
        catch (JsonException error)
        {
            throw CutawayException.Input($"{origin} is not JSON: {error.Message}", error);
        }
    }

    /// <summary>The fields of a row by their columns' names.</summary>
    /// <param name="Values">The fields.</param>
    /// <param name="Origin">Line and file.</param>
    private sealed record PairRow(Dictionary<string, string> Values, string Origin)
    {
        public bool Has(string name) => Values.ContainsKey(name);

        public string Of(params string[] names) => names.FirstOrDefault(Has) is { } name
            ? Values[name].Length > 0 ? Values[name] : throw Malformed($"'{name}' is empty")
            : throw Malformed($"there is no '{names[0]}' among its fields ({string.Join(", ", Values.Keys)}). Known shapes: {Shapes}");

        public CutawayException Malformed(string what) => CutawayException.Input($"{Origin}: {what}");
    }
}
