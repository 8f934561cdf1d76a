using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Analysis;

/// <summary>
/// Scores every edge at once: what a source writes in the corrupted run less what it writes in the clean one, times the
/// gradient at an input (Syed et al. 2023, eq. 2), summed over positions and averaged over pairs. A layer is one matrix product,
/// [sources before it, pos · d_model] · [pos · d_model, its inputs].
/// </summary>
/// <remarks>Only the runs that gradients are taken at differ between the methods; each is added with its weight.</remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class EdgeScorer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Values of differences held at a time: sequences are taken in groups, so that memory does not grow with the prompts.
    private const int Held = 1 << 26;

    private readonly LanguageModel model;
    private readonly EdgeGraph graph;
    private readonly SourceDifferences<T> sources;
    private readonly DestinationGradients<T> destinations;
    private readonly T[] scores;
    private readonly int group;
    private readonly T[] written;
    private readonly T[] read;

    /// <summary>Prepares for pairs.</summary>
    /// <param name="graph">The model's nodes.</param>
    /// <param name="clean">The clean run; it captured <see cref="SourceDifferences{T}.Needs"/>.</param>
    /// <param name="corrupted">The corrupted run; it captured them too.</param>
    public EdgeScorer(EdgeGraph graph, Run clean, Run corrupted)
    {
        this.graph = graph;
        model = clean.Model;
        sources = new SourceDifferences<T>(graph, clean, corrupted);
        destinations = new DestinationGradients<T>(model);
        scores = new T[graph.Sources.Count * graph.Destinations.Count];
        group = Math.Clamp(Held / (graph.Sources.Count * sources.Width), 1, sources.Items);
        written = new T[graph.Sources.Count * group * sources.Width];
        read = new T[destinations.HeadInputs * group * sources.Width];
    }

    /// <summary>What a run that is added must keep.</summary>
    public static PlanItem[] Needs(NetworkConfig config) => DestinationGradients<T>.Needs(config);

    /// <summary>Adds the products with the gradients of a run.</summary>
    /// <param name="run">It kept <see cref="Needs"/>.</param>
    /// <param name="weight">Its share of the gradient.</param>
    /// <param name="first">The first source that is scored.</param>
    /// <param name="count">How many.</param>
    public void Add(GradientRun run, double weight, int first, int count)
    {
        int end = first + count;
        T share = T.CreateTruncating(weight / sources.Items);
        for (int item = 0; item < sources.Items; item += group)
        {
            int items = Math.Min(group, sources.Items - item);
            int width = items * sources.Width;
            sources.Fill(first, end - first, item, items, written);
            int destination = 0;
            for (int layer = 0; layer < model.Config.Layers; layer++)
            {
                if (graph.Reach(destination) > first)
                {
                    destinations.Heads(run, layer, item, items, read);
                    Multiply(destination, destinations.HeadInputs, width);
                }

                destination += destinations.HeadInputs;
                if (!model.Config.AttentionOnly)
                {
                    destinations.Mlp(run, layer, item, items, read.AsSpan(0, width));
                    Multiply(destination++, 1, width);
                }
            }

            destinations.Logits(run, item, items, read.AsSpan(0, width));
            Multiply(destination, 1, width);
        }

        void Multiply(int destination, int inputs, int width)
        {
            int rows = Math.Min(end, graph.Reach(destination)) - first;
            if (rows > 0)
            {
                MatrixProduct.Multiply(
                    model.Network.Pool,
                    new SpanMatrix<T>(written, rows, width, width),
                    new SpanMatrix<T>(read, inputs, width, width).Transpose(),
                    scores.AsSpan((first * graph.Destinations.Count) + destination),
                    graph.Destinations.Count,
                    share,
                    accumulate: true);
            }
        }
    }

    /// <summary>The scores so far.</summary>
    public EdgeScores Scores() => new(graph, Array.ConvertAll(scores, double.CreateTruncating));
}
