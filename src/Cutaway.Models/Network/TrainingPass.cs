using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Network;

/// <summary>The loss of next-token prediction and its gradients. It keeps its memory, so that a step allocates nothing after the first.</summary>
public sealed class TrainingPass
{
    private readonly NetworkParameters parameters;
    private readonly ForwardPass<float> pass;
    private readonly Tape<float> tape;
    private int[] targets = [];

    /// <summary>Prepares to train parameters.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="checkpoints">Whether to hold only the inputs of blocks and to run them again on the way back (see <see cref="Tape{T}.Checkpoints"/>).</param>
    public TrainingPass(NetworkParameters parameters, bool checkpoints = false)
    {
        tape = new Tape<float> { Checkpoints = checkpoints };
        this.parameters = parameters;
        pass = new ForwardPass<float>(parameters.Network);
    }

    /// <summary>The most bytes that activations and gradients of activations took at one time in the last step.</summary>
    public long PeakBytes => tape.PeakBytes;

    /// <summary>The mean cross-entropy of the next tokens in nats; its gradients are added to those of the parameters.</summary>
    /// <param name="tokens">[batch, pos].</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="length">Positions of each.</param>
    /// <param name="counted">Which tokens count as targets, [batch, pos]; empty where all but each sequence's first do.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="CutawayException">The tokens do not fit the network, or none counts.</exception>
    public double Accumulate(ReadOnlyMemory<int> tokens, int batch, int length, ReadOnlySpan<bool> counted = default, CancellationToken cancellation = default)
    {
        double loss = Run(parameters.Wanted, tokens, batch, length, counted, cancellation);
        pass.Backward(cancellation);
        return loss;
    }

    /// <summary>The mean cross-entropy of the next tokens in nats, without gradients.</summary>
    /// <param name="tokens">[batch, pos].</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="length">Positions of each.</param>
    /// <param name="counted">Which tokens count as targets, [batch, pos]; empty where all but each sequence's first do.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="CutawayException">The tokens do not fit the network, or none counts.</exception>
    public double Loss(ReadOnlyMemory<int> tokens, int batch, int length, ReadOnlySpan<bool> counted = default, CancellationToken cancellation = default) =>
        Run(null, tokens, batch, length, counted, cancellation);

    private double Run(ParameterGradients<float>? wanted, ReadOnlyMemory<int> tokens, int batch, int length, ReadOnlySpan<bool> counted, CancellationToken cancellation)
    {
        if (tokens.IsEmpty || tokens.Length != (long)batch * length)
        {
            throw CutawayException.Input($"{tokens.Length} ids do not fill a batch of {batch} sequences of {length}; give at least one sequence, all of one length");
        }

        if (!counted.IsEmpty && counted.Length != tokens.Length)
        {
            throw new ArgumentException($"{tokens.Length} tokens, but {counted.Length} marks of which count", nameof(counted));
        }

        if (targets.Length < tokens.Length)
        {
            targets = new int[tokens.Length];
        }

        ReadOnlySpan<int> ids = tokens.Span;
        for (int i = 0; i < ids.Length; i++)
        {
            bool predicts = (i + 1) % length != 0 && (counted.IsEmpty || counted[i + 1]);
            targets[i] = predicts ? ids[i + 1] : -1;
        }

        tape.Parameters = wanted;
        pass.Record(new ForwardRequest(tokens, batch, length) { Logits = LogitScope.None, Targets = targets.AsMemory(0, ids.Length) }, tape, null, cancellation);
        return pass.Loss;
    }
}
