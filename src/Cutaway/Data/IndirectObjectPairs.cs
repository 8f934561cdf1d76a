using Cutaway.Organisms.Fable;
using Cutaway.Tensors;

namespace Cutaway.Data;

/// <summary>In which order the receiver (A) and the giver (B) are named.</summary>
internal enum NameOrder
{
    /// <summary>One or the other.</summary>
    Either,

    /// <summary>Receiver, giver; giver, receiver.</summary>
    Abba,

    /// <summary>Giver, receiver; giver, receiver.</summary>
    Baba,
}

/// <summary>What becomes of the names in the corrupted prompt (Wang et al. 2022, §3 and appendix).</summary>
internal enum NameCorruption
{
    /// <summary>The giver becomes the receiver: the answer changes, and nothing else.</summary>
    Swap,

    /// <summary>Three other names, none of them twice.</summary>
    Abc,

    /// <summary>Two other names in the same places.</summary>
    Random,

    /// <summary>The first two names change places: the answer stays, where it stands does not.</summary>
    Flipped,
}

/// <summary>Sentences with an indirect object (Wang et al. 2022), of <c>fable</c>'s templates and of names that are one token each.</summary>
internal sealed class IndirectObjectPairs(LanguageModel model, NameOrder order, NameCorruption corruption)
{
    // A name that begins a text has no space before it, and so is another token or several.
    private static readonly string[] Templates = [.. IndirectObjectTexts.Templates.Where(template => template[0] != '{')];

    private readonly string[] known = [.. FableWorld.People.Select(person => person.Name).Where(name => PairGenerators.IsToken(model, $" {name}"))];

    /// <summary>A pair, or null where the tokenizer knows too few names.</summary>
    public PromptPair? Draw(SeededRandom random)
    {
        const int Needed = 5;
        if (known.Length < Needed)
        {
            return null;
        }

        string template = Phrase.Before(random.Pick(Templates), "R");
        string place = random.Pick(FableWords.Places);
        string thing = FableWords.WithArticle(random.Pick(FableWords.Things));
        string[] names = Names(random, Needed);
        bool receiverFirst = order == NameOrder.Abba || (order == NameOrder.Either && random.Next(2) == 0);
        (string receiver, string giver) = (names[0], names[1]);
        string corrupt = corruption switch
        {
            NameCorruption.Abc => Fill(names[2], names[3], names[4]),
            NameCorruption.Random => Fill(names[2], names[3], receiverFirst ? names[3] : names[2]),
            NameCorruption.Flipped => receiverFirst ? Fill(giver, receiver, giver) : Fill(receiver, giver, giver),
            _ => InOrder(receiver),
        };
        return new PromptPair(InOrder(giver), corrupt, $" {receiver}", $" {giver}");

        string InOrder(string subject) => receiverFirst ? Fill(receiver, giver, subject) : Fill(giver, receiver, subject);

        string Fill(string first, string second, string subject) => Phrase.Fill(template, random, new Dictionary<string, string>
        {
            ["A"] = first,
            ["B"] = second,
            ["S"] = subject,
            ["place"] = place,
            ["a thing"] = thing,
        });
    }

    private string[] Names(SeededRandom random, int count)
    {
        List<string> names = [];
        while (names.Count < count)
        {
            string name = random.Pick(known);
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }
}
