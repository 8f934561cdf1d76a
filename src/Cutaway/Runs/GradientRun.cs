using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Runs;

/// <summary>One run and its way back: the metric of each item, what was captured, and the gradients that were asked for.</summary>
public sealed class GradientRun
{
    private readonly IReadOnlyDictionary<string, Tensor> gradients;
    private readonly IReadOnlyDictionary<Add, Tensor> vectors;

    internal GradientRun(Run run, IReadOnlyList<double> values, IReadOnlyDictionary<string, Tensor> gradients, IReadOnlyDictionary<Add, Tensor> vectors, long tapeBytes)
    {
        Run = run;
        Values = values;
        this.gradients = gradients;
        this.vectors = vectors;
        TapeBytes = tapeBytes;
    }

    /// <summary>The run, with what was captured.</summary>
    public Run Run { get; }

    /// <summary>The metric of each item.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>Captured activations by hook name.</summary>
    public IReadOnlyDictionary<string, Tensor> Captures => Run.Captures;

    /// <summary>Gradients by hook name.</summary>
    public IReadOnlyDictionary<string, Tensor> Gradients => gradients;

    /// <summary>The most bytes that the tape held at one time.</summary>
    public long TapeBytes { get; }

    /// <summary>The captured activation at a site.</summary>
    /// <exception cref="CutawayException">It was not captured.</exception>
    public Tensor this[Site site] => Run[site];

    /// <summary>
    /// The gradient of the items' summed metric with respect to the activation at a site, in its shape. Items do not see each
    /// other, so each sequence's part is the gradient of its own metric.
    /// </summary>
    /// <exception cref="CutawayException">It was not asked for.</exception>
    public Tensor Gradient(Site site)
    {
        IReadOnlyList<HookPoint> points = site.Resolve(Run.Model.Network.Hooks);
        if (points.Count != 1)
        {
            throw CutawayException.Usage($"'{site.Name}' names {points.Count} hook points; name one");
        }

        return gradients.TryGetValue(points[0].Name, out Tensor? tensor)
            ? tensor
            : throw CutawayException.Usage(
                $"the gradient at '{points[0].Name}' was not asked for; asked for: {(gradients.Count == 0 ? "none" : string.Join(", ", gradients.Keys.Take(6)))}. Add CaptureGradient.At to the plan");
    }

    /// <summary>The gradient of the items' summed metric with respect to the vector that an entry of the plan adds, in its shape.</summary>
    /// <exception cref="CutawayException">The plan had no such entry.</exception>
    public Tensor VectorGradient(Add addition) => vectors.TryGetValue(addition, out Tensor? tensor)
        ? tensor
        : throw CutawayException.Usage($"the plan did not hold this addition at '{addition.Site}'");
}
