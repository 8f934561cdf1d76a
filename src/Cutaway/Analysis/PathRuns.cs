using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;

namespace Cutaway.Analysis;

/// <summary>What a path may pass through between a sender and a receiver. Heads are never passed.</summary>
public enum PathKind
{
    /// <summary>MLPs and norms recompute: a path may pass through them.</summary>
    ThroughMlps,

    /// <summary>MLPs are held; norms recompute.</summary>
    Direct,

    /// <summary>MLPs and the scales of the norms are held, so that what several senders do adds up.</summary>
    Linear,
}

/// <summary>
/// The runs of path patching (Wang et al. 2022, "Interpretability in the Wild", §3.1; Goldowsky-Dill et al. 2023): senders take
/// what they were in another run, every head that is no sender is held at what it was in this one, and receivers read the result.
/// </summary>
internal sealed class PathRuns
{
    private readonly LanguageModel model;
    private readonly HookTable hooks;
    private readonly Run held;
    private readonly Run sent;
    private readonly PathKind kind;

    /// <summary>Runs both prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">The prompts that are run with changes.</param>
    /// <param name="others">The prompts that senders come from, aligned with them.</param>
    /// <param name="metric">What is measured of them.</param>
    /// <param name="kind">What paths may pass through.</param>
    /// <param name="cancellation">Cancels the runs.</param>
    public PathRuns(LanguageModel model, TokenBatch prompts, TokenBatch others, Metric metric, PathKind kind, CancellationToken cancellation = default)
    {
        this.model = model;
        this.kind = kind;
        hooks = model.Network.Hooks;
        held = model.Run(prompts, Capture.All([.. Sites(point => IsWriter(point.Kind) || IsScale(point.Kind))]), metric.Scope, cancellation);
        sent = model.Run(others, Capture.All([.. Sites(point => IsWriter(point.Kind))]), metric.Scope, cancellation);
        Held = MetricReader.Read(metric, held.Logits);
        Sent = MetricReader.Read(metric, sent.Logits);
    }

    /// <summary>The metric of the prompts that are run, [item].</summary>
    public IReadOnlyList<double> Held { get; }

    /// <summary>The metric of the prompts that senders come from, [item].</summary>
    public IReadOnlyList<double> Sent { get; }

    /// <summary>A run in which senders take what they were in the other one, up to the receiver of the logits.</summary>
    public IReadOnlyList<Intervention> ToLogits(IReadOnlyList<EdgeSource> senders) => Send(senders, int.MaxValue);

    /// <summary>A run in which receivers read what senders make of their inputs, and everything after them follows.</summary>
    /// <param name="senders">At least one.</param>
    /// <param name="receivers">Inputs of heads and MLPs, each after at least one of the senders.</param>
    /// <param name="positions">Where receivers read it, or null for everywhere.</param>
    /// <param name="cancellation">Cancels the run.</param>
    public IReadOnlyList<Intervention> ToReceivers(
        IReadOnlyList<EdgeSource> senders, IReadOnlyList<EdgeDestination> receivers, IReadOnlyList<int>? positions, CancellationToken cancellation = default)
    {
        (Site Site, EdgeDestination Receiver)[] inputs = [.. receivers.SelectMany(receiver => Inputs(receiver).Select(site => (site, receiver)))];
        int last = inputs.Max(input => hooks.Find(input.Site.Name)!.Index);
        Site[] read = [.. inputs.Select(input => new Site(input.Site.Name)).Distinct()];
        Run run = model.Run(held.Tokens, [.. Send(senders, last), .. Capture.All(read)], LogitScope.None, cancellation);
        return
        [
            .. inputs.GroupBy(input => input.Site.Name).Select(group => Replace.With(
                group.First().Site with
                {
                    Heads = group.First().Site.Heads is null ? null : [.. group.Select(input => input.Receiver.Head)],
                    Positions = positions,
                },
                run)),
        ];
    }

    // What comes before the first sender is as it was, and needs no holding.
    private List<Intervention> Send(IReadOnlyList<EdgeSource> senders, int last)
    {
        List<Intervention> changes = [];
        int first = int.MaxValue;
        foreach (IGrouping<string, EdgeSource> group in senders.GroupBy(sender => PathEnds.Output(sender).Name))
        {
            int index = hooks.Find(group.Key)!.Index;
            if (index < last)
            {
                first = Math.Min(first, index);
                Site site = new(group.Key) { Heads = group.First().Node == EdgeNode.Head ? [.. group.Select(sender => sender.Head)] : null };
                changes.Add(Replace.With(site, sent));
            }
        }

        for (int i = first; i < Math.Min(last, hooks.Points.Count); i++)
        {
            HookPoint point = hooks.Points[i];
            if (!Holds(point.Kind))
            {
                continue;
            }

            int[] free = [.. senders.Where(sender => PathEnds.Output(sender).Name == point.Name).Select(sender => sender.Head)];
            if (free.Length == 0)
            {
                changes.Add(Freeze.At(new Site(point.Name), held));
            }
            else if (point.HeadAxis >= 0 && free.Length < model.Config.Heads)
            {
                changes.Add(Freeze.At(new Site(point.Name) { Heads = [.. Enumerable.Range(0, model.Config.Heads).Except(free)] }, held));
            }
        }

        return changes;
    }

    private bool Holds(HookKind point) =>
        point is HookKind.Z or HookKind.CrossZ || (kind != PathKind.ThroughMlps && point == HookKind.MlpOut) || IsScale(point);

    private static bool IsWriter(HookKind kind) => kind is HookKind.Embed or HookKind.Z or HookKind.CrossZ or HookKind.MlpOut;

    private bool IsScale(HookKind point) => kind == PathKind.Linear
        && point is HookKind.AttentionNormScale or HookKind.CrossNormScale or HookKind.MlpNormScale or HookKind.FinalNormScale or HookKind.AttentionPostNormScale or HookKind.MlpPostNormScale;

    private IEnumerable<Site> Sites(Func<HookPoint, bool> wanted) => hooks.Points.Where(wanted).Select(point => new Site(point.Name));

    // After the projection, where queries, keys and values of heads are apart, and an MLP's input needs no norm held.
    private IEnumerable<Site> Inputs(EdgeDestination receiver) => (receiver.Node, receiver.Port) switch
    {
        (EdgeNode.Head, EdgePort.Query) => [new Site($"blocks.{receiver.Layer}.attn.hook_q") { Heads = [receiver.Head] }],
        (EdgeNode.Head, EdgePort.Key) => [new Site($"blocks.{receiver.Layer}.attn.hook_k") { Heads = [receiver.Head] }],
        (EdgeNode.Head, _) => [new Site($"blocks.{receiver.Layer}.attn.hook_v") { Heads = [receiver.Head] }],
        (EdgeNode.Mlp, _) => hooks.Points.Where(point => point.Layer == receiver.Layer && point.Kind is HookKind.MlpPre or HookKind.MlpPreLinear).Select(point => new Site(point.Name)),
        _ => throw new ArgumentException("the logits are received in the same run", nameof(receiver)),
    };
}
