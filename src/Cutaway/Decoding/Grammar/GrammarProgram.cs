namespace Cutaway.Decoding.Grammar;

/// <summary>What an instruction does.</summary>
internal enum Operation : byte
{
    /// <summary>Reads a byte of a range, and goes on at <c>Next</c>.</summary>
    Read,

    /// <summary>Goes on at <c>Next</c> and at <c>Other</c>.</summary>
    Split,

    /// <summary>Goes on at <c>Other</c>, a rule's first instruction; its return goes on at <c>Next</c>.</summary>
    Call,

    /// <summary>Goes on where the rule was called; at the outermost rule the text is complete.</summary>
    Return,
}

/// <summary>An instruction.</summary>
internal readonly record struct Instruction(Operation Operation, byte From, byte To, int Next, int Other);

/// <summary>A grammar as instructions for a machine that reads bytes and keeps a stack of returns. Rules without recursion need none, so a regular expression is a grammar too.</summary>
internal sealed class GrammarProgram
{
    private const int Most = 500_000;
    private readonly List<Instruction> instructions = [];
    private readonly Dictionary<string, int> entries = [];
    private int parts;

    private GrammarProgram()
    {
    }

    /// <summary>The first instruction of the rule that everything begins with.</summary>
    public int Entry { get; private set; }

    /// <summary>An instruction.</summary>
    public Instruction this[int index] => instructions[index];

    /// <summary>Compiles rules.</summary>
    /// <param name="rules">The rules by name, <c>root</c> among them.</param>
    /// <exception cref="CutawayException">A rule is left-recursive, or the program would be too long.</exception>
    public static GrammarProgram Compile(IReadOnlyDictionary<string, GrammarNode> rules)
    {
        LeftRecursion.Refuse(rules);
        GrammarProgram program = new();

        // Rules call each other, so the place where each begins must be known first: a jump that is filled in.
        foreach (string name in rules.Keys)
        {
            program.entries.Add(name, program.Emit(default));
        }

        int end = program.Emit(new Instruction(Operation.Return, 0, 0, -1, -1));
        foreach ((string name, GrammarNode node) in rules)
        {
            int start = program.Compile(node, end);
            program.instructions[program.entries[name]] = new(Operation.Split, 0, 0, start, start);
        }

        program.Entry = program.entries[GrammarReader.Root];
        return program;
    }

    /// <summary>Compiles a part that goes on at an instruction.</summary>
    /// <returns>Its first instruction.</returns>
    private int Compile(GrammarNode node, int next)
    {
        // Repetitions of nothing emit nothing, and are work all the same.
        Require(++parts);
        switch (node)
        {
            case CharacterNode characters:
                return Choose([.. characters.Ranges.SelectMany(range => Utf8Ranges.Of(range.From, range.To)).Select(bytes => Bytes(bytes, next))]);
            case SequenceNode sequence:
                return sequence.Parts.Reverse().Aggregate(next, (after, part) => Compile(part, after));
            case ChoiceNode choice:
                return Choose([.. choice.Options.Select(option => Compile(option, next))]);
            case RuleNode rule:
                return Emit(new Instruction(Operation.Call, 0, 0, next, entries[rule.Name]));
            case RepeatNode repeat:
                return Repeat(repeat, next);
            default:
                throw new InvalidOperationException(node.GetType().Name);
        }
    }

    private int Repeat(RepeatNode repeat, int next)
    {
        int start;
        if (repeat.Most is int most)
        {
            start = next;
            for (int i = repeat.Least; i < most; i++)
            {
                start = Choose([Compile(repeat.Part, start), next]);
            }
        }
        else
        {
            start = Emit(default);
            instructions[start] = new(Operation.Split, 0, 0, Compile(repeat.Part, start), next);
        }

        for (int i = 0; i < repeat.Least; i++)
        {
            start = Compile(repeat.Part, start);
        }

        return start;
    }

    private int Bytes((byte From, byte To)[] sequence, int next)
    {
        for (int i = sequence.Length - 1; i >= 0; i--)
        {
            next = Emit(new Instruction(Operation.Read, sequence[i].From, sequence[i].To, next, -1));
        }

        return next;
    }

    private int Choose(int[] starts)
    {
        // A set without characters matches nothing: an empty range of bytes.
        int start = starts.Length > 0 ? starts[^1] : Emit(new Instruction(Operation.Read, 1, 0, -1, -1));
        for (int i = starts.Length - 2; i >= 0; i--)
        {
            start = Emit(new Instruction(Operation.Split, 0, 0, starts[i], start));
        }

        return start;
    }

    private int Emit(Instruction instruction)
    {
        Require(instructions.Count);
        instructions.Add(instruction);
        return instructions.Count - 1;
    }

    private static void Require(int count)
    {
        if (count >= Most)
        {
            throw CutawayException.Usage($"the grammar becomes more than {Most} instructions; use smaller numbers of repetitions");
        }
    }
}
