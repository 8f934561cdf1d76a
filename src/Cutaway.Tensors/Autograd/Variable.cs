namespace Cutaway.Tensors.Autograd;

/// <summary>Values that an operation made, and their gradient once something that read them has gone backward.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class Variable<T>
    where T : unmanaged
{
    private Arena<T>? arena;
    private NativeBuffer<T>? value;
    private NativeBuffer<T>? gradient;
    private int length;
    private bool kept;

    /// <summary>Whether anybody asks for the gradient of something that these values depend on.</summary>
    public bool NeedsGradient { get; set; }

    /// <summary>Whether a gradient has arrived.</summary>
    public bool HasGradient => gradient is not null;

    /// <summary>The first value.</summary>
    public T* Pointer => value!.Pointer;

    /// <summary>All values; empty once they are released.</summary>
    public Span<T> Span => value is null ? default : value.Span;

    /// <summary>The gradient, which must have arrived.</summary>
    public T* Gradient => gradient!.Pointer;

    /// <summary>How many values.</summary>
    public int Length => length;

    /// <summary>Becomes a new variable.</summary>
    public void Begin(Arena<T> memory, long count)
    {
        arena = memory;
        value = memory.Take(count);
        length = value.Length;
        kept = false;
        NeedsGradient = false;
    }

    /// <summary>Holds the values until the way back has passed them: called by operations that read them again.</summary>
    public Variable<T> Keep()
    {
        kept = true;
        return this;
    }

    /// <summary>Gives the values' memory back, unless an operation holds them.</summary>
    public void ReleaseUnlessKept()
    {
        if (!kept)
        {
            ReleaseValue();
        }
    }

    /// <summary>Where to put a contribution to the gradient.</summary>
    /// <param name="isSum">Whether to add to what is there; otherwise every value must be written.</param>
    public T* Contribute(out bool isSum)
    {
        isSum = gradient is not null;
        gradient ??= arena!.Take(length);
        return gradient.Pointer;
    }

    /// <summary>Takes over the gradient of a variable that has no further use for it; this one must have none.</summary>
    public void TakeGradient(Variable<T> from) => (gradient, from.gradient) = (from.gradient, null);

    /// <summary>Gives all memory back.</summary>
    public void Release()
    {
        ReleaseValue();
        if (gradient is not null)
        {
            arena!.Return(gradient);
            gradient = null;
        }
    }

    private void ReleaseValue()
    {
        if (value is not null)
        {
            arena!.Return(value);
            value = null;
        }
    }
}
