using System.Text;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Runs;

/// <summary>Makes a text from tokens as they come: whole characters only, and cut in front of the first stop text.</summary>
/// <remarks>Each token is decoded behind the one before it, since what a token stands for may depend on not being first.</remarks>
internal sealed class TextAssembler(ITokenizer tokenizer, IReadOnlyList<string> stops)
{
    private readonly List<int> ids = [];
    private readonly StringBuilder text = new();
    private int start;
    private int shown;
    private int given;

    /// <summary>Where the first stop text begins, or -1.</summary>
    public int Stop { get; private set; } = -1;

    /// <summary>The same in its present state, to go on in another way.</summary>
    public TextAssembler Fork()
    {
        TextAssembler fork = new(tokenizer, stops) { start = start, shown = shown, given = given, Stop = Stop };
        fork.ids.AddRange(ids);
        fork.text.Append(text);
        return fork;
    }

    /// <summary>Adds a token.</summary>
    public void Append(int token)
    {
        ids.Add(token);
        string window = Decode(start);
        if (window.Length <= shown || window.EndsWith('\uFFFD'))
        {
            // Nothing new, or the first bytes of a character.
            return;
        }

        int before = text.Length;
        text.Append(window, shown, window.Length - shown);
        start = ids.Count - 1;
        shown = Decode(start).Length;
        FindStop(before);
    }

    /// <summary>The text that is certain and was not given yet: nothing that may turn out to be the beginning of a stop text.</summary>
    public string Take()
    {
        int end = Stop >= 0 ? Stop : text.Length - Held();
        string piece = end > given ? text.ToString(given, end - given) : "";
        given += piece.Length;
        return piece;
    }

    /// <summary>The whole text, cut in front of a stop text.</summary>
    public string Whole()
    {
        string whole = Decode(0);
        return Stop >= 0 && Stop <= whole.Length ? whole[..Stop] : whole;
    }

    /// <summary>What <see cref="Take"/> still owes of the whole text.</summary>
    public string Rest()
    {
        string whole = Whole();
        return given < whole.Length ? whole[given..] : "";
    }

    private string Decode(int from) => tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[from..], skipSpecialTokens: true);

    private void FindStop(int before)
    {
        foreach (string stop in stops)
        {
            int from = Math.Max(0, before - stop.Length + 1);
            int found = text.ToString(from, text.Length - from).IndexOf(stop, StringComparison.Ordinal);
            if (found >= 0 && (Stop < 0 || from + found < Stop))
            {
                Stop = from + found;
            }
        }
    }

    // How many units at the end begin a stop text.
    private int Held()
    {
        int longest = stops.Count == 0 ? 0 : Math.Min(text.Length, stops.Max(stop => stop.Length) - 1);
        string end = text.ToString(text.Length - longest, longest);
        for (int held = longest; held > 0; held--)
        {
            if (stops.Any(stop => stop.Length > held && stop.AsSpan(0, held).SequenceEqual(end.AsSpan(longest - held))))
            {
                return held;
            }
        }

        return 0;
    }
}
