namespace Cutaway.Models.Formats;

/// <summary>A set of named tensors: one file, or the shards of one checkpoint.</summary>
public interface ITensorSource
{
    /// <summary>The tensors by name.</summary>
    IReadOnlyDictionary<string, StoredTensor> Tensors { get; }
}
