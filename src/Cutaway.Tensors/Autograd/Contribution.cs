using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// One operation's part of a variable's gradient. The operation writes it whole; where another operation's part has come
/// before, the two are added at the end.
/// </summary>
internal readonly unsafe ref struct Contribution<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Chunk = 4096;

    private readonly Tape<T> tape;
    private readonly Variable<T> variable;
    private readonly NativeBuffer<T>? part;

    /// <summary>Begins a part; there is no place to write it where the variable needs no gradient.</summary>
    public Contribution(Tape<T> tape, Variable<T> variable)
    {
        this.tape = tape;
        this.variable = variable;
        if (!variable.NeedsGradient)
        {
            return;
        }

        T* whole = variable.Contribute(out bool isSum);
        part = isSum ? tape.Memory.Take(variable.Length) : null;
        Pointer = part is null ? whole : part.Pointer;
    }

    /// <summary>Where to write, or null.</summary>
    public T* Pointer { get; }

    /// <summary>Everything is written.</summary>
    public void Finish()
    {
        if (part is not null)
        {
            AddWork work = new(part.Pointer, variable.Gradient, variable.Length);
            tape.Pool.ForRows((variable.Length + Chunk - 1) / Chunk, variable.Length, ref work);
            tape.Memory.Return(part);
        }
    }

    private readonly struct AddWork(T* x, T* sum, int length) : IParallelWork
    {
        public void Invoke(int index)
        {
            int start = index * Chunk;
            int count = Math.Min(Chunk, length - start);
            Span<T> target = new(sum + start, count);
            TensorPrimitives.Add(target, new ReadOnlySpan<T>(x + start, count), target);
        }
    }
}
