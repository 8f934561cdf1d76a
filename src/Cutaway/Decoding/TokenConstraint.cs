using Cutaway.Decoding.Grammar;

namespace Cutaway.Decoding;

/// <summary>A constraint over the tokens of one vocabulary: which may come next in each state. Masks are made when first needed, and kept.</summary>
internal sealed class TokenConstraint(ByteAutomaton automaton, TokenTrie trie, string description)
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, ulong[]> masks = [];

    /// <summary>The state before anything was generated.</summary>
    public static int Start => ByteAutomaton.Start;

    /// <summary>Removes the tokens that may not come next; those that end a text may where the text is a whole match.</summary>
    /// <param name="step">The logits.</param>
    /// <param name="state">Where the text is.</param>
    /// <param name="ends">The tokens that end a text.</param>
    /// <exception cref="CutawayException">The vocabulary has no token to go on with.</exception>
    public void Apply(StepLogits step, int state, IReadOnlyList<int> ends)
    {
        ulong[] mask = Mask(state);
        bool accepts = Accepts(state);
        if (!accepts && mask.AsSpan().IndexOfAnyExcept(0UL) < 0)
        {
            throw CutawayException.Usage($"{description} cannot go on after {step.Generated.Length} generated tokens: no token of the vocabulary begins what it allows there");
        }

        // Embeddings may have more rows than the tokenizer has tokens, to fill up a block.
        for (int i = 0; i < step.Logits.Length; i++)
        {
            if (((i >> 6) >= mask.Length || ((mask[i >> 6] >> i) & 1) == 0) && !(accepts && Contains(ends, i)))
            {
                step.Remove(i);
            }
        }
    }

    /// <summary>The state after a token, or a negative number where it is not allowed.</summary>
    public int Next(int state, int token)
    {
        lock (gate)
        {
            foreach (byte value in trie.Bytes(token))
            {
                state = automaton.Next(state, value);
                if (state < 0)
                {
                    break;
                }
            }

            return state;
        }
    }

    /// <summary>Whether the text so far is a whole match.</summary>
    public bool Accepts(int state)
    {
        lock (gate)
        {
            return automaton.Accepts(state);
        }
    }

    /// <summary>Whether nothing may follow.</summary>
    public bool IsOver(int state) => Accepts(state) && Mask(state).AsSpan().IndexOfAnyExcept(0UL) < 0;

    /// <summary>The tokens that may come next, one bit each.</summary>
    public ulong[] Mask(int state)
    {
        lock (gate)
        {
            if (!masks.TryGetValue(state, out ulong[]? mask))
            {
                masks.Add(state, mask = trie.Allowed(automaton, state));
            }

            return mask;
        }
    }

    private static bool Contains(IReadOnlyList<int> ends, int token)
    {
        for (int i = 0; i < ends.Count; i++)
        {
            if (ends[i] == token)
            {
                return true;
            }
        }

        return false;
    }
}
