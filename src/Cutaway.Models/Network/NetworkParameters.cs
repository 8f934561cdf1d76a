using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Network;

/// <summary>
/// The weights of a network as parameters that may change: single precision, in one buffer, with one gradient each in another.
/// The network reads them in place, so its next run sees what was changed. A tied embedding is one parameter.
/// </summary>
public sealed unsafe class NetworkParameters
{
    private readonly List<NetworkParameter> all = [];
    private int taken;

    private NetworkParameters(NetworkConfig config, NetworkWeights source, WorkerPool? pool, bool copy)
    {
        IReadOnlyList<NamedWeight> named = NamedWeight.Of(source);
        long length = named.Sum(weight => weight.Length);
        Values = new NativeBuffer<float>(length);
        Gradients = new NativeBuffer<float>(length);
        Values.Span.Clear();
        Gradients.Span.Clear();
        Dictionary<object, object> own = new(ReferenceEqualityComparer.Instance);
        foreach (NamedWeight weight in named)
        {
            own[weight.Weight] = Take(weight, copy);
        }

        Network = new TransformerNetwork(config, source.Replace(matrix => (WeightMatrix)own[matrix], vector => (WeightVector)own[vector]), pool);
    }

    /// <summary>The network that reads these parameters.</summary>
    public TransformerNetwork Network { get; }

    /// <summary>The parameters in the order of their places.</summary>
    public IReadOnlyList<NetworkParameter> All => all;

    /// <summary>All values.</summary>
    public NativeBuffer<float> Values { get; }

    /// <summary>The gradient of each value, added to by every backward pass until it is cleared.</summary>
    public NativeBuffer<float> Gradients { get; }

    /// <summary>Where a tape sums the gradients.</summary>
    internal ParameterGradients<float> Wanted { get; } = new();

    /// <summary>Parameters that begin as a network's weights.</summary>
    /// <param name="network">The network; an offset on its norms' weights becomes part of the parameters.</param>
    public static NetworkParameters From(TransformerNetwork network) =>
        new(network.Config with { NormWeightOffset = 0 }, network.Effective, network.Pool, copy: true);

    /// <summary>Parameters of a new network, all zero. LayerNorm networks have biases everywhere (GPT-2), RMSNorm networks nowhere (Llama).</summary>
    /// <param name="config">The shape.</param>
    /// <param name="pool">Threads to compute on; null for the default pool.</param>
    /// <exception cref="CutawayException">The network reads an encoder's output: gradients end there, so that the encoder would learn nothing.</exception>
    public static NetworkParameters Create(NetworkConfig config, WorkerPool? pool = null) => config.Encoder is null
        ? new(config with { NormWeightOffset = 0 }, NetworkWeights.Empty(config), pool, copy: false)
        : throw CutawayException.Usage($"a {config.Architecture} cannot be trained from nothing: gradients end at its encoder's output, so that the encoder would learn nothing");

    /// <summary>The parameter of a name.</summary>
    /// <exception cref="CutawayException">There is none; nearest names are given.</exception>
    public NetworkParameter Find(string name) => all.Find(parameter => parameter.Name == name)
        ?? throw CutawayException.Usage($"the network has no parameter '{name}'{NearNames.Suggest(name, all.Select(parameter => parameter.Name))}");

    /// <summary>The values of a parameter, row-major.</summary>
    public Span<float> ValuesOf(NetworkParameter parameter) => Values.Span.Slice(parameter.Offset, parameter.Length);

    /// <summary>The gradient of a parameter, row-major.</summary>
    public Span<float> GradientOf(NetworkParameter parameter) => Gradients.Span.Slice(parameter.Offset, parameter.Length);

    /// <summary>Sets all gradients to zero.</summary>
    public void ClearGradients() => Gradients.Span.Clear();

    private object Take(NamedWeight weight, bool copy)
    {
        int length = (int)weight.Length;
        float* place = Values.Pointer + taken;
        Span<float> target = new(place, length);
        int[] shape = weight.Matrix is { } m ? [m.Rows, m.Columns] : [length];
        object own = weight.Matrix is null
            ? WeightVector.FromMemory(Values, place, length)
            : WeightMatrix.FromMemory(Values, (byte*)place, ElementType.Float32, shape[0], shape[1]);
        for (int row = 0; copy && weight.Matrix is { } matrix && row < matrix.Rows; row++)
        {
            matrix.DecodeRow(row, target.Slice(row * matrix.Columns, matrix.Columns));
        }

        if (copy && weight.Vector is { } vector)
        {
            vector.Float32.CopyTo(target);
        }

        all.Add(new NetworkParameter(weight.Name, shape, taken, length));
        Wanted.Want(own, Gradients, taken, length);
        taken += length;
        return own;
    }
}

/// <summary>One parameter of a network.</summary>
/// <param name="Name">TransformerLens's name, such as <c>blocks.0.attn.W_Q</c>.</param>
/// <param name="Shape">[outputs, inputs] of a matrix, [width] of a vector.</param>
/// <param name="Offset">Where it begins in the buffers.</param>
/// <param name="Length">How many values it has.</param>
public sealed record NetworkParameter(string Name, IReadOnlyList<int> Shape, int Offset, int Length);
