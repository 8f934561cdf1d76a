namespace Cutaway.Models.Network;

/// <summary>One hook point of one network.</summary>
/// <param name="Index">Its place in firing order.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Layer">Its block, or -1 outside the blocks.</param>
/// <param name="Name">TransformerLens's name, such as <c>blocks.3.attn.hook_pattern</c>.</param>
/// <param name="Axes">Names of its axes, such as <c>batch, pos, head, d_head</c>.</param>
/// <param name="Extents">The extent of each axis, or 0 where it depends on the run (batch, positions).</param>
/// <param name="Optional">Whether it is computed only when someone asks for it.</param>
public sealed record HookPoint(
    int Index, HookKind Kind, int Layer, string Name, IReadOnlyList<string> Axes, IReadOnlyList<int> Extents, bool Optional)
{
    /// <summary>The axis of an index into the heads, or -1.</summary>
    public int HeadAxis { get; } = IndexOf(Axes, "head");

    /// <summary>The axis that runs over the positions of the text (of queries, where there are two), or -1.</summary>
    public int PositionAxis { get; } = Math.Max(IndexOf(Axes, "pos"), IndexOf(Axes, "query"));

    private static int IndexOf(IReadOnlyList<string> axes, string name)
    {
        for (int i = 0; i < axes.Count; i++)
        {
            if (axes[i] == name)
            {
                return i;
            }
        }

        return -1;
    }
}
