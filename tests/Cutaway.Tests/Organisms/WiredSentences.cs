namespace Cutaway.Organisms;

/// <summary>A sentence in which a subject gives something to an indirect object, and where its words stand (the first token is at 1).</summary>
/// <param name="Text">The sentence up to the receiver.</param>
/// <param name="Receiver">The answer, with its space.</param>
/// <param name="Subject">The name that occurs twice, with its space.</param>
/// <param name="ReceiverAt">Where the receiver stands.</param>
/// <param name="SubjectAt">Where the subject stands first.</param>
/// <param name="AgainAt">Where the subject stands again.</param>
/// <param name="EndAt">The last position.</param>
internal sealed record WiredSentence(string Text, string Receiver, string Subject, int ReceiverAt, int SubjectAt, int AgainAt, int EndAt)
{
    private static readonly string[] Templates =
    [
        "When A and B went to the [place], C gave a [object] to",
        "Then A and B walked to the [place], and C offered the [object] to",
        "After A and B got a [object] at the [place], C decided to sent it to",
        "While A and B were at the [place], C handed a very [object] to",
        "A met B at the [place]. Then C wanted a [object] for",
        "Yesterday, A saw B in the [place]. C had the [object] with him, and passed it to",
    ];

    /// <summary>How many templates there are.</summary>
    public static int TemplateCount => Templates.Length;

    /// <summary>Fills a template; the subject is named second (order ABB) or first (BAB).</summary>
    public static WiredSentence Make(int template, string receiver, string subject, bool subjectFirst, string place, string thing)
    {
        string text = Templates[template];
        (string first, string second) = subjectFirst ? (subject, receiver) : (receiver, subject);
        string[] tokens = [.. text.Replace(",", " ,", StringComparison.Ordinal).Replace(".", " .", StringComparison.Ordinal).Split(' ')];
        int a = Array.IndexOf(tokens, "A") + 1;
        int b = Array.IndexOf(tokens, "B") + 1;
        int c = Array.IndexOf(tokens, "C") + 1;
        string filled = string.Join(' ', text.Split(' ').Select(word => word switch
        {
            "A" => first,
            "B" => second,
            "C" => subject,
            _ => word.Replace("[place]", place, StringComparison.Ordinal).Replace("[object]", thing, StringComparison.Ordinal),
        }));
        return new WiredSentence(filled, $" {receiver}", $" {subject}", subjectFirst ? b : a, subjectFirst ? a : b, c, tokens.Length);
    }

    /// <summary>Sentences of every template, both orders and all pairs of names; places and objects go round.</summary>
    public static IEnumerable<WiredSentence> All()
    {
        int count = 0;
        for (int template = 0; template < TemplateCount; template++)
        {
            foreach (string receiver in WiredVocabulary.Names)
            {
                foreach (string subject in WiredVocabulary.Names.Where(name => name != receiver))
                {
                    foreach (bool subjectFirst in new[] { false, true })
                    {
                        count++;
                        string place = WiredVocabulary.Places[count % 16];
                        string thing = WiredVocabulary.Objects[count / 16 % 16];
                        yield return Make(template, receiver, subject, subjectFirst, place, thing);
                    }
                }
            }
        }
    }
}
