using System.Numerics;

namespace Cutaway.Tensors.Autograd;

/// <summary>The parameters whose gradients are wanted, and the memory in which these are summed.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ParameterGradients<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<object, (NativeBuffer<T> Buffer, int Offset, int Length)> places = new(ReferenceEqualityComparer.Instance);

    /// <summary>Asks for the gradient of a weight, in memory of its own.</summary>
    /// <param name="weight">The matrix or vector, as the network holds it.</param>
    /// <param name="length">How many values it has.</param>
    public void Want(object weight, long length)
    {
        NativeBuffer<T> buffer = new(length);
        buffer.Span.Clear();
        Want(weight, buffer, 0, buffer.Length);
    }

    /// <summary>Asks for the gradient of a weight, summed into a part of a buffer.</summary>
    /// <param name="weight">The matrix or vector, as the network holds it; one that serves twice (a tied embedding) has one gradient.</param>
    /// <param name="buffer">The memory.</param>
    /// <param name="offset">Where its part begins.</param>
    /// <param name="length">How many values it has.</param>
    public void Want(object weight, NativeBuffer<T> buffer, int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset + (uint)length, (uint)buffer.Length, nameof(offset));
        places[weight] = (buffer, offset, length);
    }

    /// <summary>Whether any is wanted.</summary>
    public bool IsEmpty => places.Count == 0;

    /// <summary>The gradient of a weight, [rows, columns] row-major for a matrix.</summary>
    /// <exception cref="ArgumentException">It was not asked for.</exception>
    public Span<T> Of(object weight) => places.TryGetValue(weight, out (NativeBuffer<T> Buffer, int Offset, int Length) place)
        ? place.Buffer.Span.Slice(place.Offset, place.Length)
        : throw new ArgumentException("the gradient of this weight was not asked for", nameof(weight));

    /// <summary>Where a weight's gradient is summed, or null.</summary>
    internal T* Find(object weight) =>
        places.TryGetValue(weight, out (NativeBuffer<T> Buffer, int Offset, int Length) place) ? place.Buffer.Pointer + place.Offset : null;
}
