using System.Numerics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Autograd;

/// <summary>
/// The operations of one run in the order in which they happened, so that gradients can be taken in the opposite order
/// (reverse-mode differentiation; Griewank and Walther 2008, chapter 3). Only what leads to a gradient somebody asked for is
/// recorded. Memory is kept from run to run.
/// </summary>
/// <typeparam name="T">float, or double for the fp64 mode.</typeparam>
public sealed unsafe class Tape<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<Type, Stack<Operation<T>>> spare = [];
    private readonly List<Operation<T>> operations = [];
    private readonly List<Variable<T>> variables = [];
    private NativeBuffer<double>? losses;
    private ParameterGradients<T>? wanted;
    private int used;

    /// <summary>Prepares a tape.</summary>
    /// <param name="parameters">Which parameters' gradients are wanted, and where they are summed; null for none.</param>
    public Tape(ParameterGradients<T>? parameters = null)
    {
        Parameters = parameters;
    }

    /// <summary>Which parameters' gradients are wanted, and where they are summed; what is set counts from the next run on.</summary>
    public ParameterGradients<T>? Parameters { get; set; }

    /// <summary>
    /// Whether only the input of each block is held, and the block run again on the way back (Chen et al. 2016, section 3): less
    /// memory for one more forward pass, and the same gradients bit for bit. Hook points within are then visited twice.
    /// </summary>
    public bool Checkpoints { get; init; }

    /// <summary>The most bytes that activations and gradients took at one time in the last run.</summary>
    public long PeakBytes => Memory.PeakBytes;

    /// <summary>Counts the runs recorded, so that what belongs to an earlier one is told apart.</summary>
    internal int Run { get; private set; }

    /// <summary>Ends the way back.</summary>
    internal CancellationToken Cancellation { get; private set; }

    /// <summary>Threads to go backward on.</summary>
    internal WorkerPool Pool { get; private set; } = WorkerPool.Default;

    internal Arena<T> Memory { get; } = new();

    /// <summary>How many operations are recorded.</summary>
    internal int Count => operations.Count;

    /// <summary>Forgets the last run.</summary>
    internal void Begin(WorkerPool pool)
    {
        Pool = pool;
        wanted = Parameters;
        Run++;
        Clear();
        Memory.Sweep();
    }

    /// <summary>Gives all activations back and forgets what was recorded.</summary>
    internal void Clear()
    {
        foreach (Operation<T> operation in operations)
        {
            Recycle(operation);
        }

        operations.Clear();
        for (int i = 0; i < used; i++)
        {
            variables[i].Release();
        }

        used = 0;
    }

    /// <summary>A new variable.</summary>
    /// <param name="length">How many values.</param>
    /// <param name="by">What makes it; null where nobody asks for a gradient through it.</param>
    internal Variable<T> Make(long length, Operation<T>? by)
    {
        if (used == variables.Count)
        {
            variables.Add(new Variable<T>());
        }

        Variable<T> variable = variables[used++];
        variable.Begin(Memory, length);
        if (by is not null)
        {
            variable.NeedsGradient = true;
            by.Output = variable;
        }

        return variable;
    }

    /// <summary>Records an operation, whose fields the caller then sets.</summary>
    internal TOperation Record<TOperation>()
        where TOperation : Operation<T>, new()
    {
        TOperation operation = spare.TryGetValue(typeof(TOperation), out Stack<Operation<T>>? stack) && stack.TryPop(out Operation<T>? known)
            ? (TOperation)known
            : new TOperation();
        operations.Add(operation);
        return operation;
    }

    /// <summary>Goes back through what was recorded, up to the operation of index <paramref name="first"/>, and forgets it.</summary>
    internal void Backward(int first, CancellationToken cancellation)
    {
        Cancellation = cancellation;
        while (operations.Count > first)
        {
            Operation<T> operation = operations[^1];
            operations.RemoveAt(operations.Count - 1);
            if (operation.Output is null)
            {
                operation.Backward(this);
            }
            else if (operation.Output.HasGradient)
            {
                cancellation.ThrowIfCancellationRequested();
                operation.Backward(this);
                operation.Output.Release();
            }

            Recycle(operation);
        }
    }

    /// <summary>Memory for the loss of each row.</summary>
    internal NativeBuffer<double> Losses(int rows) =>
        losses is null || losses.Length < rows ? losses = new NativeBuffer<double>(rows) : losses;

    /// <summary>Where the gradient of a weight is summed, or null if it is not wanted.</summary>
    internal T* GradientOf(object? weight) => weight is null || wanted is null ? null : wanted.Find(weight);

    /// <summary>Whether the run takes the gradient of any parameter.</summary>
    internal bool TakesParameters => wanted?.IsEmpty == false;

    private void Recycle(Operation<T> operation)
    {
        operation.Forget();
        if (!spare.TryGetValue(operation.GetType(), out Stack<Operation<T>>? stack))
        {
            spare.Add(operation.GetType(), stack = new Stack<Operation<T>>());
        }

        stack.Push(operation);
    }
}
