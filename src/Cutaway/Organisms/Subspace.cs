namespace Cutaway.Organisms;

/// <summary>A run of coordinates of a residual stream that means one thing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Start">Its first coordinate.</param>
/// <param name="Width">How many coordinates.</param>
/// <param name="Meaning">What is written there.</param>
public sealed record Subspace(string Name, int Start, int Width, string Meaning);
