namespace Cutaway.Decoding.Grammar;

/// <summary>
/// Runs a grammar on bytes. A state is the set of all places where the machine may be, each with its stack of returns (the subset
/// construction, with stacks); stacks and sets that were met before are the same numbers, so a state is a number, and moves are kept.
/// A call that nothing follows leaves no return, so that repetition by recursion does not pile up stacks.
/// </summary>
internal sealed class ByteAutomaton
{
    private const int Unknown = -2;
    private const int Dead = -1;
    private const int Most = 50_000;
    private readonly GrammarProgram program;
    private readonly List<(int Return, int Below)> stacks = [(-1, -1)];
    private readonly Dictionary<(int, int), int> stackNumbers = [];
    private readonly List<State> states = [];
    private readonly Dictionary<(int, int)[], int> stateNumbers = new(new SameItems());
    private readonly HashSet<(int, int)> seen = [];
    private readonly Stack<(int Place, int Stack)> pending = [];
    private readonly List<(int, int)> items = [];
    private bool accepts;

    /// <summary>An automaton at the start of a program.</summary>
    public ByteAutomaton(GrammarProgram program)
    {
        this.program = program;
        Close(program.Entry, 0);
        Number();
    }

    /// <summary>The state before the first byte.</summary>
    public static int Start => 0;

    /// <summary>Whether the bytes so far are a whole text of the grammar.</summary>
    public bool Accepts(int state) => states[state].Accepts;

    /// <summary>The state after a byte, or -1.</summary>
    public int Next(int state, byte value)
    {
        State from = states[state];
        if (from.Moves[value] == Unknown)
        {
            foreach ((int place, int stack) in from.Items)
            {
                Instruction read = program[place];
                if (value >= read.From && value <= read.To)
                {
                    Close(read.Next, stack);
                }
            }

            from.Moves[value] = Number();
        }

        return from.Moves[value];
    }

    // Follows everything that reads no byte, and notes the places that read one.
    private void Close(int first, int under)
    {
        pending.Push((first, under));
        while (pending.TryPop(out (int Place, int Stack) at))
        {
            if (!seen.Add(at))
            {
                continue;
            }

            Instruction instruction = program[at.Place];
            switch (instruction.Operation)
            {
                case Operation.Read:
                    items.Add(at);
                    break;
                case Operation.Split:
                    pending.Push((instruction.Next, at.Stack));
                    pending.Push((instruction.Other, at.Stack));
                    break;
                case Operation.Call:
                    pending.Push((instruction.Other, program[instruction.Next].Operation == Operation.Return ? at.Stack : Push(instruction.Next, at.Stack)));
                    break;
                case Operation.Return when at.Stack == 0:
                    accepts = true;
                    break;
                default:
                    pending.Push(stacks[at.Stack]);
                    break;
            }
        }
    }

    private int Push(int place, int stack)
    {
        if (!stackNumbers.TryGetValue((place, stack), out int number))
        {
            number = stacks.Count;
            stacks.Add((place, stack));
            stackNumbers.Add((place, stack), number);
        }

        return number;
    }

    // The number of the state that was gathered, which is then forgotten.
    private int Number()
    {
        int number = Dead;
        if (items.Count > 0 || accepts)
        {
            // A place with an empty range of bytes stands for acceptance, so that sets that differ in it differ.
            items.Sort();
            (int, int)[] key = accepts ? [.. items, (-1, -1)] : [.. items];
            if (!stateNumbers.TryGetValue(key, out number))
            {
                if (states.Count == Most)
                {
                    throw CutawayException.Usage($"the text can be in more than {Most} different places of what it must match; make it less ambiguous, or use smaller numbers of repetitions");
                }

                number = states.Count;
                states.Add(new State([.. items], accepts));
                stateNumbers.Add(key, number);
            }
        }

        seen.Clear();
        items.Clear();
        accepts = false;
        return number;
    }

    private sealed class State
    {
        public State((int Place, int Stack)[] items, bool accepts)
        {
            Items = items;
            Accepts = accepts;
            Array.Fill(Moves, Unknown);
        }

        public (int Place, int Stack)[] Items { get; }

        public bool Accepts { get; }

        public int[] Moves { get; } = new int[256];
    }

    private sealed class SameItems : IEqualityComparer<(int, int)[]>
    {
        public bool Equals((int, int)[]? x, (int, int)[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode((int, int)[] items)
        {
            HashCode hash = new();
            foreach ((int, int) item in items)
            {
                hash.Add(item);
            }

            return hash.ToHashCode();
        }
    }
}
