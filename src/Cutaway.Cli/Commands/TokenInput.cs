using System.Globalization;
using System.Text.Json;
using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Commands;

/// <summary>The tokens that <c>cutaway run</c> is given: a text, a list of ids, or a file of sequences, with or without a mask.</summary>
internal static class TokenInput
{
    /// <summary>The options that give tokens.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } =
    [
        new("prompt", "TEXT", "Text to run"),
        new("ids", "N,N,...", "Token ids to run instead of a text"),
        new("ids-file", "FILE.json", "A JSON array of ids, or of arrays of ids for a batch"),
        new("attention-mask", "0,1,...|FILE.json", "1 where a token is real and 0 where it is padding, in the shape of the ids"),
    ];

    /// <summary>Reads the tokens of a call.</summary>
    /// <exception cref="CutawayException">None or several inputs are given, a file is malformed, or the tokens do not fit the model.</exception>
    public static TokenBatch Read(Invocation call, LanguageModel model)
    {
        IReadOnlyList<IReadOnlyList<int>> rows = Rows(call, model);
        if (call.Text("attention-mask") is not { } given)
        {
            return TokenBatch.Pad(rows);
        }

        bool[][] mask = [.. Arrays(given, "--attention-mask").Select(row => Array.ConvertAll(row, IsReal))];
        int empty = Array.FindIndex(mask, row => !row.Contains(true));
        return empty < 0
            ? TokenBatch.Masked(rows, mask)
            : throw CutawayException.Input($"--attention-mask: row {empty} has no 1, so there is no token to read; give at least one");
    }

    private static IReadOnlyList<IReadOnlyList<int>> Rows(Invocation call, LanguageModel model)
    {
        string[] given = [.. Parameters.Take(3).Select(parameter => parameter.Name).Where(call.Has)];
        if (given.Length != 1)
        {
            throw CutawayException.Usage(given.Length == 0
                ? "there is nothing to run: give --prompt TEXT, --ids 1,2,3 or --ids-file FILE.json"
                : $"--{given[0]} and --{given[1]} both say what to run; give one");
        }

        if (given[0] == "prompt")
        {
            return [model.Encode(call.Text("prompt")!)];
        }

        int[][] rows = given[0] == "ids" ? [List(call.Text("ids")!, "--ids")] : FromFile(call.Text("ids-file")!);
        return [.. rows.Select(row => model.Encode(Prompt.FromIds(row)))];
    }

    private static bool IsReal(int value) => value switch
    {
        0 => false,
        1 => true,
        _ => throw CutawayException.Input($"--attention-mask holds {value}; expected 0 and 1 only"),
    };

    // A list as it stands, or a file that holds one.
    private static int[][] Arrays(string text, string option) =>
        text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c is ',' or ' ') ? [List(text, option)] : FromFile(text);

    private static int[] List(string text, string option) => Array.ConvertAll(
        text.Split(',', StringSplitOptions.TrimEntries),
        item => int.TryParse(item, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id)
            ? id
            : throw CutawayException.Input($"{option}: '{item}' is not a whole number; expected a list such as 1,2,3"));

    private static int[][] FromFile(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(stream);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array && root.EnumerateArray().FirstOrDefault().ValueKind == JsonValueKind.Array
                ? [.. root.EnumerateArray().Select(row => Row(row, path))]
                : [Row(root, path)];
        }
        catch (JsonException error)
        {
            throw CutawayException.Input($"{path} is not JSON: {error.Message.Split('.')[0]} (line {error.LineNumber + 1}); expected [1, 2, 3] or [[1, 2], [3, 4]]", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static int[] Row(JsonElement row, string path) => row.ValueKind == JsonValueKind.Array
        ? [.. row.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id)
            ? id
            : throw CutawayException.Input($"{path}: {item.GetRawText()} is not a whole number; expected [1, 2, 3] or [[1, 2], [3, 4]]"))]
        : throw CutawayException.Input($"{path} holds a JSON {row.ValueKind.ToString().ToLowerInvariant()} where an array of numbers was expected, as in [1, 2, 3] or [[1, 2], [3, 4]]");
}
