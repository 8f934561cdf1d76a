namespace Cutaway.Organisms;

/// <summary>The residual stream of <c>wired</c>: which coordinates mean what.</summary>
internal static class WiredLayout
{
    private static readonly List<Subspace> Parts = [];

    /// <summary>Written by the embedding: which token stands here.</summary>
    public static Subspace Token { get; } = Next("token", IdentityCodes.Width, "identity of the token");

    /// <summary>Written by the embedding: what kind of word stands here, a coordinate a kind.</summary>
    public static IReadOnlyDictionary<WordKind, Subspace> Kinds { get; } =
        Enum.GetValues<WordKind>().ToDictionary(kind => kind, kind => Next($"is_{KebabCase.Of(kind.ToString())}", 1, $"1 where the token's kind is {KebabCase.Of(kind.ToString())}"));

    /// <summary>Written by the positions: where this is. The first position has none.</summary>
    public static Subspace Position { get; } = Next("position", PositionClocks.Width, "code of the position; zero at the first");

    /// <summary>Written by the positions: 1 at the first position, where heads rest.</summary>
    public static Subspace First { get; } = Next("first", 1, "1 at the first position");

    /// <summary>Written by the positions: 1 everywhere.</summary>
    public static Subspace One { get; } = Next("one", 1, "1 everywhere");

    /// <summary>Written by the previous-token head.</summary>
    public static Subspace Previous { get; } = Next("previous", IdentityCodes.Width, "identity of the token before");

    /// <summary>Written by the duplicate-token head.</summary>
    public static Subspace Duplicate { get; } = Next("duplicate", 1, "1 where the token has occurred before");

    /// <summary>Written by the duplicate-token head.</summary>
    public static Subspace DuplicatePosition { get; } = Next("duplicate_position", PositionClocks.Width, "code of the position where the token has occurred before");

    /// <summary>Written by the S-inhibition head.</summary>
    public static Subspace Inhibit { get; } = Next("inhibit", 1, "1 where a repeated name was found");

    /// <summary>Written by the S-inhibition head.</summary>
    public static Subspace InhibitToken { get; } = Next("inhibit_token", IdentityCodes.Width, "identity of the repeated name");

    /// <summary>Written by the S-inhibition head.</summary>
    public static Subspace InhibitPosition { get; } = Next("inhibit_position", PositionClocks.Width, "code of the position where the repeated name stood first");

    /// <summary>Read by the unembedding.</summary>
    public static Subspace Output { get; } = Next("output", IdentityCodes.Width, "identity of the token to predict");

    /// <summary>Written by idle heads, read by nothing: a coordinate a head.</summary>
    public static Subspace[] Unread { get; } = [.. Enumerable.Range(0, WiredHeads.Layers).Select(layer => Next($"unread_{layer}", 1, $"what the idle head of layer {layer} writes; nothing reads it"))];

    /// <summary>All of them in order.</summary>
    public static IReadOnlyList<Subspace> All => Parts;

    /// <summary>Width of the residual stream.</summary>
    public static int Width => Parts[^1].Start + Parts[^1].Width;

    private static Subspace Next(string name, int width, string meaning)
    {
        Subspace part = new(name, Parts.Count == 0 ? 0 : Width, width, meaning);
        Parts.Add(part);
        return part;
    }
}
