using System.Runtime.CompilerServices;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Decoding.Grammar;

/// <summary>
/// The tokens of a vocabulary sorted by their bytes, each with the length of the beginning that it shares with the one before: a trie
/// laid out flat. What an automaton has learnt of a shared beginning is not asked again.
/// </summary>
internal sealed class TokenTrie
{
    private static readonly ConditionalWeakTable<ITokenizer, TokenTrie> Known = [];
    private readonly byte[][] bytes;
    private readonly int[] order;
    private readonly int[] shared;
    private readonly int longest;

    private TokenTrie(ITokenizer tokenizer)
    {
        bytes = new byte[tokenizer.Count][];
        for (int id = 0; id < bytes.Length; id++)
        {
            // Special tokens are no text, whatever they are written as.
            bytes[id] = tokenizer.Decode([id], skipSpecialTokens: true).Length == 0 && tokenizer.Decode([id]).Length > 0 ? [] : tokenizer.TokenBytes(id);
        }

        order = [.. Enumerable.Range(0, bytes.Length).Where(id => bytes[id].Length > 0)];
        Array.Sort(order, (a, b) => bytes[a].AsSpan().SequenceCompareTo(bytes[b]) is not 0 and int by ? by : a - b);
        shared = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            shared[i] = i == 0 ? 0 : bytes[order[i - 1]].AsSpan().CommonPrefixLength(bytes[order[i]]);
            longest = Math.Max(longest, bytes[order[i]].Length);
        }
    }

    /// <summary>The trie of a tokenizer, made once.</summary>
    public static TokenTrie Of(ITokenizer tokenizer) => Known.GetValue(tokenizer, static key => new TokenTrie(key));

    /// <summary>The bytes of a token; none for a special one.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => token < bytes.Length ? bytes[token] : [];

    /// <summary>The tokens whose bytes an automaton can read from a state, one bit each.</summary>
    public ulong[] Allowed(ByteAutomaton automaton, int state)
    {
        ulong[] mask = new ulong[(bytes.Length + 63) / 64];
        int[] states = new int[longest + 1];
        states[0] = state;
        int dead = int.MaxValue;
        for (int i = 0; i < order.Length; i++)
        {
            if (shared[i] > dead)
            {
                continue;
            }

            byte[] token = bytes[order[i]];
            dead = int.MaxValue;
            for (int depth = shared[i]; depth < token.Length; depth++)
            {
                states[depth + 1] = automaton.Next(states[depth], token[depth]);
                if (states[depth + 1] < 0)
                {
                    dead = depth;
                    break;
                }
            }

            if (dead == int.MaxValue)
            {
                mask[order[i] >> 6] |= 1UL << order[i];
            }
        }

        return mask;
    }
}
