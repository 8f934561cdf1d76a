using System.Text;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers.Words;

/// <summary>Byte-pair encoding: a word starts as its characters, and neighbours merge by rule until none applies.</summary>
internal sealed class BpeModel(Vocabulary vocabulary, IMergeRules rules) : ITokenModel
{
    /// <summary>What stands for a character that the vocabulary lacks, or null: such characters are dropped.</summary>
    public int? Unknown { get; init; }

    /// <summary>Whether unknown characters in a row are one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether a character that the vocabulary lacks is written as its bytes, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is in the vocabulary is taken whole, without asking the merges.</summary>
    public bool WholeWordsFirst { get; init; }

    /// <summary>Put before each character but the first.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>Put after the last character.</summary>
    public string EndSuffix { get; init; } = "";

    /// <inheritdoc/>
    public void Encode(AlignedText word, List<Token> tokens)
    {
        ReadOnlySpan<char> span = word.Span;
        Token[] found = WholeWordsFirst && vocabulary.TryFind(span, out int whole) ? [new Token(whole, 0, span.Length)] : Merge(span);
        foreach (Token token in found)
        {
            (int start, int end) = word.Origin(token.Start, token.End);
            tokens.Add(new Token(token.Id, start, end));
        }
    }

    private Token[] Merge(ReadOnlySpan<char> word)
    {
        SymbolChain symbols = new(ByteFallback ? Encoding.UTF8.GetByteCount(word) : word.Length);
        int unknownStart = -1;
        int position = 0;
        foreach (Rune rune in word.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            if (vocabulary.TryFind(Affixed(word, position, end), out int id))
            {
                FlushUnknown(symbols, ref unknownStart, position);
                symbols.Add(id, position, end);
            }
            else if (ByteFallback && TryBytes(rune, out int[] bytes))
            {
                FlushUnknown(symbols, ref unknownStart, position);
                foreach (int value in bytes)
                {
                    symbols.Add(value, position, end);
                }
            }
            else if (unknownStart < 0)
            {
                unknownStart = position;
            }
            else if (!FuseUnknown)
            {
                FlushUnknown(symbols, ref unknownStart, position);
                unknownStart = position;
            }

            position = end;
        }

        FlushUnknown(symbols, ref unknownStart, position);
        return symbols.Merge(word, rules);
    }

    private void FlushUnknown(SymbolChain symbols, ref int start, int end)
    {
        if (start >= 0 && Unknown is { } unknown)
        {
            symbols.Add(unknown, start, end);
        }

        start = -1;
    }

    private ReadOnlySpan<char> Affixed(ReadOnlySpan<char> word, int start, int end)
    {
        bool prefixed = start > 0 && ContinuingPrefix.Length > 0;
        bool suffixed = end == word.Length && EndSuffix.Length > 0;
        return prefixed || suffixed
            ? string.Concat(prefixed ? ContinuingPrefix : "", word[start..end], suffixed ? EndSuffix : "")
            : word[start..end];
    }

    private bool TryBytes(Rune rune, out int[] ids)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = rune.EncodeToUtf8(bytes);
        ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (!vocabulary.TryFind($"<0x{bytes[i]:X2}>", out ids[i]))
            {
                return false;
            }
        }

        return true;
    }
}
