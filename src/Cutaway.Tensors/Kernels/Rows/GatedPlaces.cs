namespace Cutaway.Tensors.Kernels.Rows;

/// <summary>The rows that the backward pass of an activation reads and writes; without a gate, up and its gradient are null.</summary>
internal readonly unsafe struct GatedPlaces(float* gate, float* up, float* dPost, float* dGate, float* dUp, int count)
{
    public readonly float* Gate = gate;
    public readonly float* Up = up;
    public readonly float* DPost = dPost;
    public readonly float* DGate = dGate;
    public readonly float* DUp = dUp;
    public readonly int Count = count;
}
