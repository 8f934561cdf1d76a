namespace Cutaway.Tensors;

/// <summary>The precision that a network computes in.</summary>
public enum DType
{
    /// <summary>IEEE single precision, the default.</summary>
    Float32,

    /// <summary>IEEE double precision, to tell a bug from rounding noise.</summary>
    Float64,
}
