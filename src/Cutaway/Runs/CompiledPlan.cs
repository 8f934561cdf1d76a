using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Sites;

namespace Cutaway.Runs;

/// <summary>A plan checked against a network: what to do at each hook point, in order.</summary>
internal sealed class CompiledPlan
{
    private readonly List<Entry>?[] byPoint;

    private CompiledPlan(List<Entry>?[] byPoint, HookTable hooks)
    {
        this.byPoint = byPoint;
        Hooks = hooks;
        Last = Array.FindLastIndex(byPoint, entries => entries is not null);
    }

    public HookTable Hooks { get; }

    /// <summary>The firing index of the last hook point of interest, or -1.</summary>
    public int Last { get; }

    public List<Entry>? At(int index) => byPoint[index];

    public IEnumerable<Entry> Entries => byPoint.Where(entries => entries is not null).SelectMany(entries => entries!);

    /// <summary>Checks a plan.</summary>
    /// <param name="hooks">The network's hook points.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="promptLength">Positions of the prompt, from whose end negative positions count.</param>
    /// <exception cref="CutawayException">A site is unknown, a shape does not fit, a position is outside, or two entries contradict.</exception>
    public static CompiledPlan Compile(HookTable hooks, IReadOnlyList<PlanItem> plan, int promptLength)
    {
        List<Entry>?[] byPoint = new List<Entry>?[hooks.Points.Count];
        foreach (PlanItem item in plan)
        {
            foreach (HookPoint point in item.Site.Resolve(hooks))
            {
                (item as Intervention)?.Validate(point);
                Entry entry = new(item, point, item.Site.Heads?.ToArray(), Positions(item.Site, point, promptLength));
                List<Entry> entries = byPoint[point.Index] ??= [];
                if (item is Intervention { Overwrites: true } setter
                    && entries.Find(other => other.Item is Intervention { Overwrites: true } && other.Overlaps(entry, setter.Phase)) is { } clash)
                {
                    throw CutawayException.Usage(
                        $"{setter.GetType().Name} and {clash.Item.GetType().Name} both set '{point.Name}' at the same heads and positions; keep one of them");
                }

                // Captures read what the network goes on with, so they come after every change.
                int at = item is Capture ? entries.Count : entries.FindIndex(other => other.Item is Capture) is >= 0 and int first ? first : entries.Count;
                entries.Insert(at, entry);
            }
        }

        return new(byPoint, hooks);
    }

    private static int[]? Positions(Site site, HookPoint point, int promptLength)
    {
        if (site.Positions is null)
        {
            return null;
        }

        if (point.PositionAxis < 0)
        {
            throw CutawayException.Usage($"'{point.Name}' has axes ({string.Join(", ", point.Axes)}): no positions to choose from");
        }

        return
        [
            .. site.Positions.Select(position =>
            {
                int absolute = position < 0 ? promptLength + position : position;
                return absolute >= 0
                    ? absolute
                    : throw CutawayException.Usage($"position {position} of '{point.Name}': the prompt has {promptLength} positions");
            }),
        ];
    }

    /// <summary>One plan entry at one hook point.</summary>
    /// <param name="Item">The record.</param>
    /// <param name="Point">The hook point.</param>
    /// <param name="Heads">Chosen heads, or null for all.</param>
    /// <param name="Positions">Chosen positions of the text, or null for all.</param>
    internal sealed record Entry(PlanItem Item, HookPoint Point, int[]? Heads, int[]? Positions)
    {
        public bool Fired { get; set; }

        public bool Overlaps(Entry other, Phase phase) =>
            Meet(Heads, other.Heads) && Meet(Positions, other.Positions)
            && (((Intervention)Item).Phase == phase || phase == Phase.Always || ((Intervention)Item).Phase == Phase.Always);

        private static bool Meet(int[]? a, int[]? b) => a is null || b is null || a.Intersect(b).Any();
    }
}
