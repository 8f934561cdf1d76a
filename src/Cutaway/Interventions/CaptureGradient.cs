using Cutaway.Sites;

namespace Cutaway.Interventions;

/// <summary>Keeps the gradient of the metric with respect to an activation as the network goes on with it (see <see cref="LanguageModel.Differentiate"/>).</summary>
public sealed record CaptureGradient : PlanItem
{
    /// <summary>Captures the gradient at one site.</summary>
    public static CaptureGradient At(Site site) => new() { Site = site };

    /// <summary>Captures the gradients at whole sites.</summary>
    public static PlanItem[] All(params Site[] sites) => [.. sites.Select(site => new CaptureGradient { Site = site })];
}
