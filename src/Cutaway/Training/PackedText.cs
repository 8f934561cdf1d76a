using System.Text;
using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;

namespace Cutaway.Training;

/// <summary>
/// A text file as rows of tokens: documents one after the other, a separator after each, cut into rows of equal length.
/// Every pass over the file reads the rows in another order, which the seed and the number of the pass decide.
/// </summary>
internal sealed class PackedText
{
    private readonly int[] tokens;
    private readonly int stride;
    private readonly ulong seed;
    private readonly int[] order;
    private long shuffledFor = -1;

    /// <summary>Cuts tokens into rows.</summary>
    /// <param name="tokens">Documents with their separators.</param>
    /// <param name="length">Tokens of a row; the next row begins with its last one, which it predicts from.</param>
    /// <param name="seed">Decides the order.</param>
    public PackedText(int[] tokens, int length, ulong seed)
    {
        this.tokens = tokens;
        stride = length - 1;
        this.seed = seed;
        Rows = Math.Max(0, tokens.Length - 1) / stride;
        order = [.. Enumerable.Range(0, Rows)];
    }

    /// <summary>Rows of one pass.</summary>
    public int Rows { get; }

    /// <summary>Reads a row; rows after the last are those of the next pass, in its own order.</summary>
    public void Fill(long row, Span<int> ids)
    {
        Shuffle(row / Rows);
        tokens.AsSpan(order[(int)(row % Rows)] * stride, ids.Length).CopyTo(ids);
    }

    /// <summary>The documents of a text file, which empty lines part.</summary>
    /// <exception cref="CutawayException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Documents(string path)
    {
        try
        {
            string text = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).ReplaceLineEndings("\n");
            return text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the corpus {path} cannot be read: {fault.Message}", fault);
        }
        catch (DecoderFallbackException fault)
        {
            throw CutawayException.Input($"the corpus {path} is not UTF-8 text", fault);
        }
    }

    /// <summary>Documents as tokens, the separator after each.</summary>
    public static int[] Join(IEnumerable<string> documents, ITokenizer tokenizer, int separator)
    {
        List<int> ids = [];
        foreach (string document in documents)
        {
            ids.AddRange(tokenizer.Encode(document, addSpecialTokens: false).Select(token => token.Id));
            ids.Add(separator);
        }

        return [.. ids];
    }

    // Fisher and Yates, from the order 0, 1, 2, …: a pass depends on its number, not on the passes before it.
    private void Shuffle(long pass)
    {
        if (pass == shuffledFor)
        {
            return;
        }

        SeededRandom random = new(new SeededRandom(seed).NextBits() + (ulong)pass);
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = random.Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        shuffledFor = pass;
    }
}
