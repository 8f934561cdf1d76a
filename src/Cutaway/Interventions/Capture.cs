using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Keeps an activation as the network goes on with it, that is, after every intervention at its site.</summary>
public sealed record Capture : PlanItem
{
    /// <summary>The precision to keep it in; null keeps that of the run.</summary>
    public DType? Store { get; init; }

    /// <summary>Captures whole sites.</summary>
    public static PlanItem[] All(params Site[] sites) => [.. sites.Select(site => new Capture { Site = site })];

    /// <summary>Captures one site.</summary>
    public static Capture At(Site site) => new() { Site = site };
}
