using Cutaway.Tensors;

namespace Cutaway.Organisms.Fable;

/// <summary>Short stories of two people of the world, a thing and a place, true to what the world says of them.</summary>
internal static class StoryTexts
{
    private static readonly string[] Templates =
    [
        "[One morning|One day|On a warm day], {A} the {A.trade} went to the {place} with {a thing}. The {thing} was {colour}, and {A} liked it very much. " +
        "There {A.she} met {B}. [They talked and laughed.|They sat together for a long time.] Then the {thing} was gone. {A} was sad. " +
        "{B} looked for it [behind a tree|under a table|near the door] and found the {thing}. {A} was happy again and thanked {B}.",

        "{A} lived in {A.city}. [Every day|Every morning] {A.she} went to the {place} with {A.hers} {A.pet}. One day the {A.pet} ran away. " +
        "{A} looked for the {A.pet} everywhere but did not find it. In the evening {A.she} went home and was sad. " +
        "There sat the {A.pet} [at the door|under the window]! {A} laughed and gave it some bread.",

        "It was the birthday of {A}. {B} wanted to bring {A.her} a gift, but {B.she} had no money. So {B} worked at the {place} for three days. " +
        "Then {B.she} bought {a thing} for {A}. [\"Is this for me?\" asked {A}.|\"Look what I have,\" said {B}.] The {thing} was {colour}. " +
        "{A} was very happy and made a cake for {B}.",

        "{A} and {B} were friends. [One day|Yesterday|In the summer] they walked to the {place}. Suddenly it began to rain. {A} was afraid, but {B} had a {colour} coat. " +
        "They sat under the coat and waited. After an hour the sun came out again. {A} and {B} went home and drank hot tea.",

        "[One night|One evening|Late at night] {A} heard a noise in the {place}. A small {pet} sat there and was hungry. {A} gave the {pet} some bread and water. " +
        "The {pet} ate and was not afraid. From that day on the {pet} came to {A} every evening. {B} said that the {pet} was the best friend of {A}.",

        "{A}, a {A.trade} from {A.city}, wanted to buy {a thing} at the market. {B} sold things there. \"How much is the {colour} {thing}?\" asked {A}. " +
        "\"[Three|Five|Seven] coins,\" said {B}. {A} had only two coins and was sad. But {B} was kind and gave {A.her} the {thing}. \"Thank you!\" said {A}.",

        "{A} was afraid of the dark. One evening the lamp in the {place} went out. {A.She} called {B}. {B} came with a candle and sat beside {A}. " +
        "They told stories until the morning. After that {A} was not afraid of the dark.",

        "{A} and {B} both wanted the {colour} {thing}. {A} took it, and {B} was angry. They did not talk for [a day|three days]. " +
        "Then {A} came to {B} and said, \"I am sorry. Take the {thing}.\" {B} smiled. \"We can share it,\" {B.she} said. Now they are friends again.",

        "{B} was a {B.trade}. {A} wanted to be a {B.trade} too. Every day {A.she} came to {B.city} and learned. The work was hard, and {A} was tired. " +
        "After a year {A.she} was very good. {B} was proud of {A}.",

        "The {A.pet} of {A} and the {B.pet} of {B} ran a race to the {place}. The {A.pet} was fast, but it stopped to eat. " +
        "The {B.pet} was slow, but it did not stop. In the end the {B.pet} of {B} was first. {B} laughed, and {A} laughed too.",

        "Once upon a time there was a {A.trade} called {A}. {A.She} lived in {A.city} with {A.hers} {A.pet}. [One day|One morning] {A.she} found a {colour} {thing} near the {place}. " +
        "\"Whose {thing} is this?\" {A.she} asked. Nobody knew. Then {B} came and said, \"It is mine!\" {A} gave it back, and {B} was glad.",
    ];

    /// <summary>A text of the corpus.</summary>
    public static string Draw(SeededRandom random)
    {
        // She and he are then never the same person.
        FablePerson a = random.Pick(FableWorld.People);
        FablePerson b = random.Pick(FableWorld.People);
        while (b.Woman == a.Woman || b.Pet == a.Pet)
        {
            b = random.Pick(FableWorld.People);
        }

        string thing = random.Pick(FableWords.Things);
        Dictionary<string, string> slots = new()
        {
            ["thing"] = thing,
            ["a thing"] = FableWords.WithArticle(thing),
            ["place"] = random.Pick(FableWords.Places),
            ["colour"] = random.Pick(FableWords.Colours),
            ["pet"] = random.Pick(FableWords.Pets),
        };
        Cast(slots, "A", a);
        Cast(slots, "B", b);
        return Phrase.Fill(random.Pick(Templates), random, slots);
    }

    private static void Cast(Dictionary<string, string> slots, string role, FablePerson person)
    {
        slots[role] = person.Name;
        slots[$"{role}.she"] = person.She;
        slots[$"{role}.She"] = person.Woman ? "She" : "He";
        slots[$"{role}.her"] = person.Her;
        slots[$"{role}.hers"] = person.Hers;
        slots[$"{role}.city"] = person.City;
        slots[$"{role}.trade"] = person.Trade;
        slots[$"{role}.pet"] = person.Pet;
    }
}
