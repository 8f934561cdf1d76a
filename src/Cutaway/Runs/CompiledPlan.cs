using Cutaway.Interventions;
using Cutaway.Models.Network;

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

    /// <summary>Hook points of which only some heads or positions are captured.</summary>
    public IReadOnlySet<string> Partial => Entries.Where(entry => entry.Item is Capture && (entry.Heads is not null || entry.Columns is not null)).Select(entry => entry.Point.Name).ToHashSet();

    public IEnumerable<Entry> Entries => byPoint.Where(entries => entries is not null).SelectMany(entries => entries!);

    /// <summary>Checks a plan.</summary>
    /// <param name="hooks">The network's hook points.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="prompt">What is read first; positions count its real tokens, negative ones from its end.</param>
    /// <param name="generated">Tokens that may be generated after it; 0 for a run.</param>
    /// <param name="gradients">Whether the run is differentiated.</param>
    /// <exception cref="CutawayException">A site is unknown, a shape does not fit, a position is outside, or two entries contradict.</exception>
    public static CompiledPlan Compile(HookTable hooks, IReadOnlyList<PlanItem> plan, TokenBatch prompt, int generated = 0, bool gradients = false)
    {
        List<Entry>?[] byPoint = new List<Entry>?[hooks.Points.Count];
        int[] padding = [.. Enumerable.Range(0, prompt.Batch).Select(prompt.FirstPosition)];
        foreach (PlanItem item in plan)
        {
            if (item is Intervention { Phase: Phase.Generated } && generated == 0)
            {
                throw CutawayException.Usage($"{item.GetType().Name} at '{item.Site}' holds in generated steps only, and a run generates nothing; use Phase.Always or Phase.Prompt");
            }

            if (item is CaptureGradient && !gradients)
            {
                throw CutawayException.Usage($"a plain run has no gradients, and the plan asks for one at '{item.Site}'; use Differentiate, which takes a metric");
            }

            foreach (HookPoint point in item.Site.Resolve(hooks))
            {
                (item as Intervention)?.Validate(point);
                Entry entry = new(item, point, Heads(item), Columns(item, point, prompt, generated), padding);
                List<Entry> entries = byPoint[point.Index] ??= [];
                if (item is not Intervention)
                {
                    AddCapture(entries, entry);
                }
                else
                {
                    CheckContradictions(entries, entry);

                    // Captures read what the network goes on with, so they come after every change.
                    int at = entries.FindIndex(other => other.Item is not Intervention);
                    entries.Insert(at < 0 ? entries.Count : at, entry);
                }
            }
        }

        CheckSplitInputs(hooks, byPoint);
        if (gradients)
        {
            CheckFunctions(hooks, byPoint);
        }

        return new(byPoint, hooks);
    }

    // Where every head normalises an input of its own, nothing is left that reads the norm they would have shared.
    private static void CheckSplitInputs(HookTable hooks, List<Entry>?[] byPoint)
    {
        foreach (HookPoint norm in hooks.Points.Where(point => point.Kind is HookKind.AttentionNormScale or HookKind.AttentionNormNormalized))
        {
            if (byPoint[norm.Index]?.Find(entry => entry.Item is Intervention) is { } change
                && (Wanted(HookKind.AttentionIn) || (Wanted(HookKind.QueryInput) && Wanted(HookKind.KeyInput) && Wanted(HookKind.ValueInput))))
            {
                throw CutawayException.Usage(
                    $"{change.Item.GetType().Name} at '{norm.Name}' cannot act: the plan asks for every head's own input (hook_attn_in, or hook_q_input, hook_k_input and hook_v_input) in layer {norm.Layer}, and each is normalised by itself");
            }

            bool Wanted(HookKind kind) => hooks.IndexOf(kind, norm.Layer) is >= 0 and int index && byPoint[index] is not null;
        }
    }

    // A gradient that is asked for before a function would have to pass it.
    private static void CheckFunctions(HookTable hooks, List<Entry>?[] byPoint)
    {
        int first = Array.FindIndex(byPoint, entries => entries?.Exists(entry => entry.Item is CaptureGradient or Add) == true);
        int function = Array.FindLastIndex(byPoint, entries => entries?.Exists(entry => entry.Item is LocalFunction) == true);
        if (first >= 0 && first < function)
        {
            throw LocalFunction.NotDifferentiable(hooks.Points[function].Name);
        }
    }

    private static void AddCapture(List<Entry> entries, Entry entry)
    {
        if (entries.Find(other => other.Item.GetType() == entry.Item.GetType()) is not { } known)
        {
            entries.Add(entry);
        }
        else if (!known.SameParts(entry) || (known.Item as Capture)?.Store != (entry.Item as Capture)?.Store)
        {
            throw CutawayException.Usage($"'{entry.Point.Name}' is captured twice, with different heads, positions or precision; capture all that is needed once");
        }
    }

    private static void CheckContradictions(List<Entry> entries, Entry entry)
    {
        if (entry.Item is not Intervention { Overwrites: true } setter)
        {
            return;
        }

        foreach (Entry other in entries)
        {
            if (other.Item is not Intervention earlier)
            {
                continue;
            }

            if (earlier.Overwrites && earlier.Phase.Meets(setter.Phase) && other.Overlaps(entry))
            {
                throw CutawayException.Usage(
                    $"{setter.GetType().Name} and {earlier.GetType().Name} both set '{entry.Point.Name}' at the same heads and positions; keep one of them");
            }

            if ((setter.Phase == Phase.Always || setter.Phase == earlier.Phase) && entry.Covers(other))
            {
                throw CutawayException.Usage(
                    $"{earlier.GetType().Name} at '{entry.Point.Name}' would be lost: {setter.GetType().Name} sets the same heads and positions after it. Put {earlier.GetType().Name} after it, or leave it out");
            }
        }
    }

    private static int[]? Heads(PlanItem item) => item.Site.Heads is { } heads ? Chosen(item, heads) : null;

    // An intervention acts once on each place; a capture lists what was asked for, as it was asked for.
    private static int[] Chosen(PlanItem item, IEnumerable<int> indices) => [.. item is Intervention ? indices.Distinct() : indices];

    private static int[][]? Columns(PlanItem item, HookPoint point, TokenBatch prompt, int generated)
    {
        if (item.Site.Positions is not { } positions)
        {
            return null;
        }

        if (point.PositionAxis < 0)
        {
            throw CutawayException.Usage($"'{point.Name}' has axes ({string.Join(", ", point.Axes)}): no positions to choose from");
        }

        int[][] columns = new int[prompt.Batch][];
        for (int b = 0; b < prompt.Batch; b++)
        {
            int[] real = [.. Enumerable.Range(0, prompt.Length).Where(column => prompt.IsReal(b, column))];
            columns[b] = Chosen(item, positions.Select(position =>
            {
                int index = position < 0 ? real.Length + position : position;
                if (index < 0 || index >= real.Length + generated)
                {
                    string which = prompt.Batch == 1 ? "the prompt" : $"sequence {b}";
                    throw CutawayException.Usage(
                        $"position {position} of '{point.Name}' is outside: {which} has {real.Length} tokens{(generated == 0 ? "" : $", and at most {generated} are generated")}");
                }

                return index < real.Length ? real[index] : prompt.Length + index - real.Length;
            }));
        }

        return columns;
    }

    /// <summary>One plan entry at one hook point.</summary>
    /// <param name="Item">The record.</param>
    /// <param name="Point">The hook point.</param>
    /// <param name="Heads">Chosen heads, or null for all.</param>
    /// <param name="Columns">Chosen positions of each sequence, padding counted, or null for all.</param>
    /// <param name="Padding">Positions of each sequence in front of its text.</param>
    internal sealed record Entry(PlanItem Item, HookPoint Point, int[]? Heads, int[][]? Columns, int[] Padding)
    {
        public bool Fired { get; set; }

        /// <summary>Whether some place belongs to both.</summary>
        public bool Overlaps(Entry other) => Meet(Heads, other.Heads) && Pairs(other).Any(pair => Meet(pair.Own, pair.Other));

        /// <summary>Whether every place of another entry is one of this one's.</summary>
        public bool Covers(Entry other) => Include(Heads, other.Heads) && Pairs(other).All(pair => Include(pair.Own, pair.Other));

        public bool SameParts(Entry other) => Same(Heads, other.Heads) && Pairs(other).All(pair => Same(pair.Own, pair.Other));

        private IEnumerable<(int[]? Own, int[]? Other)> Pairs(Entry other) =>
            Enumerable.Range(0, Columns?.Length ?? other.Columns?.Length ?? 1).Select(b => (Columns?[b], other.Columns?[b]));

        private static bool Meet(int[]? a, int[]? b) => a is null || b is null || a.Intersect(b).Any();

        private static bool Include(int[]? all, int[]? some) => all is null || (some is not null && some.All(all.Contains));

        private static bool Same(int[]? a, int[]? b) => a is null ? b is null : b is not null && a.SequenceEqual(b);
    }
}
