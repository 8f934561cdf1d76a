using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers;

/// <summary>Tokens as they are written, by id and back.</summary>
internal sealed class Vocabulary
{
    private readonly string?[] tokens;
    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;

    /// <summary>Takes the tokens by id; an id without a token is null.</summary>
    /// <exception cref="CutawayException">Two ids have the same token.</exception>
    public Vocabulary(string?[] tokens, string source)
    {
        this.tokens = tokens;
        ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id] is { } token && !ids.TryAdd(token, id))
            {
                throw CutawayException.Model($"{source} has the token {Quote.Name(token)} twice, as ids {ids[token]} and {id}; each token stands for one id");
            }
        }

        lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The highest id and one.</summary>
    public int Count => tokens.Length;

    /// <summary>A token as it is written in the file, or null where an id has none.</summary>
    public string? this[int id] => (uint)id < (uint)tokens.Length ? tokens[id] : null;

    /// <summary>The id of a token.</summary>
    public bool TryFind(ReadOnlySpan<char> token, out int id) => lookup.TryGetValue(token, out id);

    /// <summary>The id of a token, or null.</summary>
    public int? Find(string token) => ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>The tokens that are not empty as a tree, numbered by their ids.</summary>
    public TokenTrie ToTrie()
    {
        TokenTrie trie = new();
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id] is { Length: > 0 } token)
            {
                trie.Add(token, id);
            }
        }

        return trie;
    }

    /// <summary>The ids of the tokens for single bytes, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, or null if one is missing.</summary>
    public int[]? Bytes()
    {
        int[] bytes = new int[256];
        for (int value = 0; value < bytes.Length; value++)
        {
            if (!ids.TryGetValue($"<0x{value:X2}>", out bytes[value]))
            {
                return null;
            }
        }

        return bytes;
    }

    /// <summary>The id of a token that the file refers to.</summary>
    /// <exception cref="CutawayException">There is no such token.</exception>
    public int Demand(string token, string source, string what) =>
        Find(token) ?? throw CutawayException.Model($"{source}: {what} is {Quote.Name(token)}, which is not in the vocabulary");
}
