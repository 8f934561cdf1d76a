using System.Text;
using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>Sentences with slots and choices: <c>[One day|Once], {A} went to the {place}.</c></summary>
internal static class Phrase
{
    /// <summary>Fills a template.</summary>
    /// <param name="template">Text with <c>{slots}</c> and <c>[choices|separated|so]</c>; choices may hold slots, not choices.</param>
    /// <param name="random">Draws the choices.</param>
    /// <param name="slots">What each slot stands for.</param>
    public static string Fill(string template, SeededRandom random, IReadOnlyDictionary<string, string> slots)
    {
        StringBuilder text = new();
        Append(text, template, random, slots);
        return text.ToString();
    }

    /// <summary>A template up to a slot, without the space before it: a prompt that the slot's word answers.</summary>
    public static string Before(string template, string slot) => template[..template.LastIndexOf($" {{{slot}}}", StringComparison.Ordinal)];

    private static void Append(StringBuilder text, ReadOnlySpan<char> template, SeededRandom random, IReadOnlyDictionary<string, string> slots)
    {
        while (template.Length > 0)
        {
            int plain = template.IndexOfAny('{', '[');
            plain = plain < 0 ? template.Length : plain;
            text.Append(template[..plain]);
            template = template[plain..];
            if (template.Length == 0)
            {
                break;
            }

            bool slot = template[0] == '{';
            int end = template.IndexOf(slot ? '}' : ']');
            string inner = template[1..end].ToString();
            if (slot)
            {
                text.Append(slots[inner]);
            }
            else
            {
                Append(text, random.Pick(inner.Split('|')), random, slots);
            }

            template = template[(end + 1)..];
        }
    }
}
