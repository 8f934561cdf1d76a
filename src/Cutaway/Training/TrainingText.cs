using Cutaway.Data;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Training;

/// <summary>The text of a recipe: rows to train on, and rows that are kept apart.</summary>
/// <param name="Rows">Rows to train on, without end.</param>
/// <param name="HeldOut">Rows never trained on; as many as the recipe says.</param>
/// <param name="RowsPerPass">Rows until they repeat, or null for a generator, whose rows never do.</param>
internal sealed record TrainingText(TokenRows Rows, TokenRows HeldOut, long? RowsPerPass)
{
    // Any number will do that leads a generator far from the rows of the recipe's own seed.
    private const ulong HeldOutSeed = 0xD1B54A32D192ED03;

    /// <summary>Opens the corpus of a recipe.</summary>
    /// <exception cref="CutawayException">It is unknown, cannot be read, or is too small.</exception>
    public static TrainingText Open(Recipe recipe, ITokenizer tokenizer)
    {
        CorpusChoice choice = recipe.Corpus;
        ulong seed = (ulong)choice.Seed;
        if (choice.Generator is { } name)
        {
            CorpusGenerator generator = CorpusCatalogue.Find(name);
            return new TrainingText(
                generator(tokenizer, choice.Mixture, seed), generator(tokenizer, choice.Mixture, seed ^ HeldOutSeed), null);
        }

        string path = Path.Combine(recipe.Folder, choice.File!);
        int separator = tokenizer.EndOfText ?? tokenizer.BeginOfText
            ?? throw CutawayException.Input($"the tokenizer {recipe.Tokenizer} has no token that begins or ends a text; documents of a file need one between them");
        int[] tokens = PackedText.Join(PackedText.Documents(path), tokenizer, separator);
        int stride = recipe.Length - 1;
        long apart = (long)recipe.HeldOut.Sequences * stride;
        PackedText train = new(tokens[..(int)Math.Max(0, tokens.Length - apart)], recipe.Length, seed);
        if (train.Rows < recipe.Batch)
        {
            long needed = ((long)(recipe.Batch + recipe.HeldOut.Sequences) * stride) + 1;
            throw CutawayException.Input(
                $"the corpus {path} is too small: it has {tokens.Length} tokens, and one batch of {recipe.Batch} with {recipe.HeldOut.Sequences} held-out sequences of {recipe.Length} takes {needed}. Give more text, or lower 'batch', 'length' or 'held_out.sequences'");
        }

        int from = tokens.Length - (int)apart - 1;
        return new TrainingText(train.Fill, (row, ids) => tokens.AsSpan(from + ((int)row * stride), ids.Length).CopyTo(ids), train.Rows);
    }
}
