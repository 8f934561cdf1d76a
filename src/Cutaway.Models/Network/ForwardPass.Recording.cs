using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private ForwardRequest recordedRequest;
    private IGradientListener<T>? recordedListener;

    /// <summary>The mean cross-entropy of the last recorded run, in nats, where its request had targets.</summary>
    public double Loss { get; private set; }

    /// <summary>
    /// The gradient of the logits of the last recorded run, in the shape of <see cref="Logits"/>: to be written whole before
    /// <see cref="Backward"/>.
    /// </summary>
    public Span<T> LogitsGradient
    {
        get
        {
            _ = output.Variable.Contribute(out _);
            return new(output.Variable.Gradient, output.Variable.Length);
        }
    }

    /// <summary>Runs the network and records what the gradients asked for need.</summary>
    /// <param name="input">Tokens, mask, and the logits or the loss wanted.</param>
    /// <param name="recorder">The tape, which forgets its last run.</param>
    /// <param name="visitor">Reads and changes activations, and reads their gradients; or null.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="CutawayException">The tokens or the mask do not fit the network.</exception>
    public void Record(in ForwardRequest input, Tape<T> recorder, IGradientListener<T>? visitor = null, CancellationToken cancellation = default)
    {
        if (input.Cache is not null)
        {
            throw new ArgumentException("gradients are taken through whole sequences, without a key/value cache", nameof(input));
        }

        if (!input.Targets.IsEmpty && input.Targets.Length != input.Tokens.Length)
        {
            throw new ArgumentException($"{input.Targets.Length} targets for {input.Tokens.Length} tokens", nameof(input));
        }

        recorder.Begin(network.Pool);
        tape = recorder;
        (recordedRequest, recordedListener) = (input, visitor);
        Loss = 0;
        Compute(input, visitor, cancellation);
    }

    /// <summary>Takes gradients from the logits, or from the loss, back through the last recorded run.</summary>
    /// <param name="cancellation">Checked before each operation.</param>
    /// <exception cref="InvalidOperationException">The last run was not recorded.</exception>
    public void Backward(CancellationToken cancellation = default)
    {
        if (tape is null)
        {
            throw new InvalidOperationException("the last run was not recorded, so there is no way back; call Record before Backward, with no other run between");
        }

        tape.Backward(0, cancellation);
        tape.Clear();
        (recordedRequest, recordedListener) = (default, null);
        GC.KeepAlive(this);
    }

    /// <summary>Runs a block of which only the input is held.</summary>
    private void RecordBlock(int layer, BlockWeights block)
    {
        Tape<T> recorder = tape!;
        Variable<T> input = residual.Variable;
        BlockOperation<T>? by = input.NeedsGradient || recorder.TakesParameters || AsksWithin(layer)
            ? BlockOperation<T>.Record(recorder, this, layer, input.Keep())
            : null;
        tape = null;
        residual.Reserve(rows, config.DModel);
        input.Span.CopyTo(residual.Span);
        input.ReleaseUnlessKept();
        Block(layer, block);
        ReadOnlySpan<T> result = residual.Span;
        tape = recorder;
        Reserve(residual, rows, config.DModel, by);
        result.CopyTo(residual.Span);
    }

    /// <summary>Runs a block again, recorded, and takes the gradient of its output back to its input.</summary>
    internal void BackThroughBlock(int layer, Variable<T> input, Variable<T> result)
    {
        int first = tape!.Count;
        (request, listener) = (recordedRequest, recordedListener);
        residual.Hold(tape, input);
        Block(layer, network.Effective.Blocks[layer]);
        (request, listener) = (default, null);
        if (residual.Variable.NeedsGradient)
        {
            residual.Variable.TakeGradient(result);
        }

        tape.Backward(first, tape.Cancellation);
    }

    private bool AsksWithin(int layer)
    {
        foreach (HookPoint point in network.Hooks.Points)
        {
            if (point.Layer == layer && recordedListener is { } visitor && visitor.Wants(point.Index)
                && (visitor.WantsGradient(point.Index) || visitor.ChangeWantsGradient(point.Index)))
            {
                return true;
            }
        }

        return false;
    }

    private void RecordLoss(LinearWeights unembedding)
    {
        T? cap = config.LogitSoftCap is double bound ? T.CreateTruncating(bound) : null;
        Loss = CrossEntropyOperation<T>.Record(tape!, read.Variable, unembedding.Weight, Values(unembedding.Bias), unembedding.Bias, request.Targets.Span, cap);
    }

    /// <summary>A visit while a tape records: a change is made on values of its own, so that those before it stay as they were.</summary>
    private void Record(HookPoint point, Scratch place, ReadOnlySpan<int> extents)
    {
        IGradientListener<T> visitor = (IGradientListener<T>)listener!;
        if (visitor.Changes(point.Index))
        {
            HookOperation<T>? by = place.Variable.NeedsGradient || visitor.ChangeWantsGradient(point.Index)
                ? HookOperation<T>.Record(tape!, visitor, point, place.Variable.Keep(), extents, past)
                : null;
            _ = Renew(place, by);
        }

        visitor.Visit(new Activation<T> { Point = point, Values = place.Span, Shape = extents, Past = past });
        if (visitor.WantsGradient(point.Index))
        {
            place.Variable.NeedsGradient = true;
            HookOperation<T>.Record(tape!, visitor, point, place.Variable, extents, past);
        }
    }
}
