namespace Cutaway.Models.Network;

/// <summary>Which part of a block to run.</summary>
public enum BlockPart
{
    /// <summary>Attention, up to what the MLP reads; only where blocks are sequential.</summary>
    Attention,

    /// <summary>The MLP; only where blocks are sequential.</summary>
    Mlp,

    /// <summary>All of it.</summary>
    Whole,
}

/// <summary>Sequences of rows that begin at the same position and run to the end of their prompts.</summary>
/// <param name="FirstRow">The first row of the first sequence.</param>
/// <param name="Sequences">How many; the prompt of sequence i is i modulo the number of prompts.</param>
/// <param name="Past">Positions before the first row.</param>
/// <param name="Length">Rows of each sequence.</param>
public readonly record struct RowClass(int FirstRow, int Sequences, int Past, int Length)
{
    /// <summary>Rows of all sequences.</summary>
    public int Rows => Sequences * Length;
}

/// <summary>Rows of residual streams, class after class, that go on from a run of the same prompts.</summary>
/// <param name="Classes">Which rows are whose; without gaps.</param>
/// <param name="Earlier">Keys and values of that run, at every position of its prompts (kept by all layers).</param>
public sealed record PackedRows(IReadOnlyList<RowClass> Classes, KeyValueCache Earlier)
{
    /// <summary>Which positions of the prompts are real, [prompt, pos]; empty where all are.</summary>
    public ReadOnlyMemory<bool> Mask { get; init; }

    /// <summary>How many rows there are.</summary>
    public int Rows => Classes.Sum(part => part.Rows);
}
