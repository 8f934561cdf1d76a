using Cutaway.Tensors;

namespace Cutaway.Training;

/// <summary>A tensor that training changes.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Shape">Row-major extents.</param>
/// <param name="Values">The values, which the network reads in place.</param>
/// <param name="Gradient">The gradient of the loss, as long as the values.</param>
/// <param name="Decays">Whether weight decay draws it to zero.</param>
internal sealed record TrainedTensor(string Name, IReadOnlyList<int> Shape, NativeBuffer<float> Values, NativeBuffer<float> Gradient, bool Decays);
