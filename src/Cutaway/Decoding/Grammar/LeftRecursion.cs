namespace Cutaway.Decoding.Grammar;

/// <summary>Finds rules that call themselves before they have read anything: a machine that reads from the left would call for ever.</summary>
internal sealed class LeftRecursion
{
    private readonly IReadOnlyDictionary<string, GrammarNode> rules;
    private readonly HashSet<string> empty = [];

    private LeftRecursion(IReadOnlyDictionary<string, GrammarNode> rules)
    {
        this.rules = rules;

        // Which rules may be empty depends on others: again, until nothing is added.
        while (rules.Any(rule => MayBeEmpty(rule.Value) && empty.Add(rule.Key)))
        {
        }
    }

    /// <summary>Throws if a rule is left-recursive.</summary>
    public static void Refuse(IReadOnlyDictionary<string, GrammarNode> rules)
    {
        LeftRecursion search = new(rules);
        foreach (string name in rules.Keys)
        {
            HashSet<string> reached = [];
            search.Reach(rules[name], reached);
            if (reached.Contains(name))
            {
                throw CutawayException.Usage($"the rule '{name}' is left-recursive: it can call itself before it has read a character. Write the repetition with * or +, or put what is read first");
            }
        }
    }

    private bool MayBeEmpty(GrammarNode node) => node switch
    {
        SequenceNode sequence => sequence.Parts.All(MayBeEmpty),
        ChoiceNode choice => choice.Options.Any(MayBeEmpty),
        RepeatNode repeat => repeat.Least == 0 || MayBeEmpty(repeat.Part),
        RuleNode rule => empty.Contains(rule.Name),
        _ => false,
    };

    private void Reach(GrammarNode node, HashSet<string> reached)
    {
        switch (node)
        {
            case SequenceNode sequence:
                foreach (GrammarNode part in sequence.Parts)
                {
                    Reach(part, reached);
                    if (!MayBeEmpty(part))
                    {
                        break;
                    }
                }

                break;
            case ChoiceNode choice:
                foreach (GrammarNode option in choice.Options)
                {
                    Reach(option, reached);
                }

                break;
            case RepeatNode repeat:
                Reach(repeat.Part, reached);
                break;
            case RuleNode rule when reached.Add(rule.Name):
                Reach(rules[rule.Name], reached);
                break;
        }
    }
}
