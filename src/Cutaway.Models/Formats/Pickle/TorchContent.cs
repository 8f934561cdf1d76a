namespace Cutaway.Models.Formats.Pickle;

/// <summary>What a file of PyTorch holds.</summary>
/// <param name="Root">The object that was saved.</param>
/// <param name="Place">Where a storage's bytes lie, and what keeps them in memory.</param>
internal sealed record TorchContent(object? Root, Func<TorchStorage, (object Owner, nint Data)> Place);
