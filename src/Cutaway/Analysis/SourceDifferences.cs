using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Analysis;

/// <summary>What every source of an <see cref="EdgeGraph"/> writes to the residual stream in one run less what it writes in another.</summary>
/// <remarks>Heads are taken without the output bias, which belongs to none of them and is the same in both runs.</remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SourceDifferences<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly EdgeGraph graph;
    private readonly Run from;
    private readonly Run to;
    private T[] mixed = [];
    private T[] output = [];

    /// <summary>Compares two runs.</summary>
    /// <param name="graph">The nodes.</param>
    /// <param name="from">The run that is subtracted; it captured <see cref="Needs"/>.</param>
    /// <param name="to">The run it is subtracted from; it captured them too.</param>
    public SourceDifferences(EdgeGraph graph, Run from, Run to)
    {
        this.graph = graph;
        this.from = from;
        this.to = to;
    }

    /// <summary>What both runs must capture.</summary>
    public static PlanItem[] Needs(NetworkConfig config) =>
        Capture.All([Site.ResidPre(0), Site.AllZ, .. config.AttentionOnly ? [] : new Site[] { "blocks.*.hook_mlp_out" }]);

    /// <summary>Sequences.</summary>
    public int Items => from.Tokens.Batch;

    /// <summary>Values of a sequence's residual stream.</summary>
    public int Width => from.Tokens.Length * graph.Config.DModel;

    /// <summary>Writes the differences of a run of sources.</summary>
    /// <param name="first">The first source.</param>
    /// <param name="count">How many.</param>
    /// <param name="item">The first sequence.</param>
    /// <param name="items">How many.</param>
    /// <param name="target">[source, sequence, pos · d_model].</param>
    public void Fill(int first, int count, int item, int items, Span<T> target)
    {
        int width = items * Width;
        int done = first;
        while (done < first + count)
        {
            EdgeSource source = graph.Sources[done];
            Span<T> rest = target[((done - first) * width)..];
            switch (source.Node)
            {
                case EdgeNode.Input:
                    Subtract(Site.ResidPre(0), item, items, rest[..width]);
                    done++;
                    break;
                case EdgeNode.Mlp:
                    Subtract(Site.MlpOut(source.Layer), item, items, rest[..width]);
                    done++;
                    break;
                default:
                    int heads = Math.Min(graph.Config.Heads - source.Head, first + count - done);
                    Heads(source.Layer, source.Head, heads, item, items, rest[..(heads * width)]);
                    done += heads;
                    break;
            }
        }
    }

    private void Heads(int layer, int first, int count, int item, int items, Span<T> target)
    {
        NetworkConfig config = graph.Config;
        int heads = config.Heads * config.DValue;
        int rows = items * from.Tokens.Length;
        if (mixed.Length < rows * heads)
        {
            mixed = new T[rows * heads];
            output = new T[config.DModel * heads];
        }

        Subtract(Site.Z(layer), item, items, mixed.AsSpan(0, rows * heads));
        from.Model.Network.Weights.Blocks[layer].Attention.Output.Weight.Decode<T>(output);
        for (int head = first; head < first + count; head++)
        {
            SpanMatrix<T> z = new(mixed.AsSpan(head * config.DValue), rows, config.DValue, heads);
            SpanMatrix<T> written = new(output.AsSpan(head * config.DValue), config.DModel, config.DValue, heads);
            MatrixProduct.Multiply(from.Model.Network.Pool, z, written.Transpose(), target[((head - first) * rows * config.DModel)..], config.DModel, T.CreateTruncating(config.ResidualScale));
        }
    }

    private void Subtract(Site site, int item, int items, Span<T> difference)
    {
        int start = item * (difference.Length / items);
        TensorPrimitives.Subtract(
            to[site].To<T>().Slice(start, difference.Length), from[site].To<T>().Slice(start, difference.Length), difference);
    }
}
