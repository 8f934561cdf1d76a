using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Training;

/// <summary>A tensor that training changes: a part of a buffer of values, and the same part of a buffer of gradients.</summary>
/// <param name="Parameter">Its name, shape and place.</param>
/// <param name="AllValues">The buffer of values, which the network reads in place.</param>
/// <param name="AllGradients">The buffer of gradients of the loss.</param>
/// <param name="Decays">Whether weight decay draws it to zero.</param>
internal sealed record TrainedTensor(NetworkParameter Parameter, NativeBuffer<float> AllValues, NativeBuffer<float> AllGradients, bool Decays)
{
    /// <summary>Its name.</summary>
    public string Name => Parameter.Name;

    /// <summary>How many values it has.</summary>
    public int Length => Parameter.Length;

    /// <summary>Its values.</summary>
    public Span<float> Values => AllValues.Span.Slice(Parameter.Offset, Parameter.Length);

    /// <summary>Its gradient.</summary>
    public Span<float> Gradient => AllGradients.Span.Slice(Parameter.Offset, Parameter.Length);

    /// <summary>The parameters of a network. Decay, unless the recipe asks for it everywhere, is for linear maps alone: neither norms, biases nor embeddings.</summary>
    public static IReadOnlyList<TrainedTensor> Of(NetworkParameters parameters, bool decayAll) =>
    [
        .. parameters.All.Select(parameter => new TrainedTensor(
            parameter, parameters.Values, parameters.Gradients, decayAll || (parameter.Shape.Count == 2 && parameter.Name.StartsWith("blocks.", StringComparison.Ordinal)))),
    ];
}
