using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Training;

/// <summary>The adapters of a network's linear maps. The network runs on the merged weights; the base is kept beside them.</summary>
internal sealed class LowRankAdapters
{
    private readonly NetworkParameters parameters;
    private readonly WorkerPool pool;
    private readonly int rank;
    private readonly float factor;
    private readonly List<Adapter> adapters = [];

    /// <summary>Puts an adapter on every chosen map: A drawn with a deviation of 1 / √inputs, B zero, so that training begins at the base.</summary>
    /// <exception cref="CutawayException">A map is named that the network does not have.</exception>
    public LowRankAdapters(LowRank choice, int seed, NetworkParameters parameters, WorkerPool pool)
    {
        this.parameters = parameters;
        this.pool = pool;
        rank = choice.Rank;
        factor = (float)(choice.Scale / choice.Rank);
        string[] known = [.. parameters.All.Where(parameter => parameter.Shape.Count == 2).Select(MapName).OfType<string>().Distinct()];
        if (choice.Maps.FirstOrDefault(map => !known.Contains(map)) is { } unknown)
        {
            throw CutawayException.Input($"'low_rank.maps' names '{unknown}', which the blocks do not have{NearNames.Suggest(unknown, known)}; there are {string.Join(", ", known)}");
        }

        SeededRandom random = new((ulong)seed);
        foreach (NetworkParameter map in parameters.All.Where(parameter => MapName(parameter) is { } name && choice.Maps.Contains(name)))
        {
            adapters.Add(new Adapter(map, parameters.ValuesOf(map).ToArray(), Make(map, "A", rank, map.Shape[1]), Make(map, "B", map.Shape[0], rank)));
            foreach (ref float value in adapters[^1].A.Values)
            {
                value = (float)(random.NextNormal() / Math.Sqrt(map.Shape[1]));
            }
        }
    }

    /// <summary>A and B of every adapter.</summary>
    public IReadOnlyList<TrainedTensor> Tensors => [.. adapters.SelectMany(adapter => (TrainedTensor[])[adapter.A, adapter.B])];

    /// <summary>Makes the network's weights the base and what A and B add to it.</summary>
    public void Merge()
    {
        foreach (Adapter adapter in adapters)
        {
            Span<float> weight = parameters.ValuesOf(adapter.Map);
            adapter.Base.CopyTo(weight);
            MatrixProduct.Multiply(pool, adapter.MatrixB, adapter.MatrixA, weight, adapter.Map.Shape[1], factor, accumulate: true);
        }
    }

    /// <summary>Turns the gradients of the merged weights into those of A and B: dA = s · Bᵀ · dW, dB = s · dW · Aᵀ.</summary>
    public void Project()
    {
        foreach (Adapter adapter in adapters)
        {
            (int outputs, int inputs) = (adapter.Map.Shape[0], adapter.Map.Shape[1]);
            SpanMatrix<float> gradient = new(parameters.GradientOf(adapter.Map), outputs, inputs, inputs);
            MatrixProduct.Multiply(pool, adapter.MatrixB.Transpose(), gradient, adapter.A.Gradient, inputs, factor);
            MatrixProduct.Multiply(pool, gradient, adapter.MatrixA.Transpose(), adapter.B.Gradient, rank, factor);
        }
    }

    private static string? MapName(NetworkParameter parameter) =>
        parameter.Name.StartsWith("blocks.", StringComparison.Ordinal) && parameter.Shape.Count == 2 ? parameter.Name.Split('.', 3)[2] : null;

    private static TrainedTensor Make(NetworkParameter map, string part, int rows, int columns)
    {
        NativeBuffer<float> values = new(rows * columns);
        NativeBuffer<float> gradients = new(rows * columns);
        values.Span.Clear();
        gradients.Span.Clear();
        return new TrainedTensor(new NetworkParameter($"{map.Name}.{part}", [rows, columns], 0, rows * columns), values, gradients, Decays: true);
    }

    private sealed record Adapter(NetworkParameter Map, float[] Base, TrainedTensor A, TrainedTensor B)
    {
        public SpanMatrix<float> MatrixA => new(A.Values, A.Parameter.Shape[0], A.Parameter.Shape[1], A.Parameter.Shape[1]);

        public SpanMatrix<float> MatrixB => new(B.Values, B.Parameter.Shape[0], B.Parameter.Shape[1], B.Parameter.Shape[1]);
    }
}
