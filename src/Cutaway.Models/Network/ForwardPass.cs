using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

/// <summary>
/// The one forward pass of every network. An instance keeps its working memory from run to run, so that generating a token
/// allocates nothing; it serves one run at a time.
/// </summary>
/// <typeparam name="T">float, or double for the fp64 mode.</typeparam>
public sealed unsafe partial class ForwardPass<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly TransformerNetwork network;
    private readonly NetworkConfig config;
    private readonly int[] shape = new int[4];
    private readonly Scratch residual = new();
    private readonly Scratch read = new();
    private readonly Scratch written = new();
    private readonly Scratch logits = new();
    private readonly Scratch gathered = new();
    private readonly Scratch positionVectors = new();
    private readonly Scratch typeVectors = new();

    private ForwardRequest request;
    private IActivationListener<T>? listener;
    private Tape<T>? tape;
    private Scratch output;
    private int rows;
    private int past;
    private int span;
    private bool[]? mask;
    private int[] positions = [];
    private int[] firstType = [];
    private int[] lastRows = [];

    /// <summary>Prepares a pass over a network.</summary>
    public ForwardPass(TransformerNetwork network)
    {
        this.network = network;
        config = network.Config;
        output = logits;
        knownKeys = new NativeBuffer<T>?[config.Layers];
        knownValues = new NativeBuffer<T>?[config.Layers];
        known = new bool[config.Layers];
    }

    /// <summary>The network.</summary>
    public TransformerNetwork Network => network;

    /// <summary>
    /// The logits of the last run: [batch, pos, vocab] for <see cref="LogitScope.All"/>, [batch, vocab] for
    /// <see cref="LogitScope.Last"/>, or of the tokens that <see cref="ForwardRequest.Unembedding"/> chose; valid until the next run, and only while the pass itself is referenced.
    /// </summary>
    public ReadOnlySpan<T> Logits => output.Span;

    /// <summary>Runs the network.</summary>
    /// <param name="input">Tokens, mask, cache, and the logits wanted.</param>
    /// <param name="visitor">Reads and changes activations, or null.</param>
    /// <param name="cancellation">Checked before each block.</param>
    /// <exception cref="CutawayException">The tokens or the mask do not fit the network.</exception>
    public void Run(in ForwardRequest input, IActivationListener<T>? visitor = null, CancellationToken cancellation = default)
    {
        tape = null;
        Compute(input, visitor, cancellation);
    }

    private void Compute(in ForwardRequest input, IActivationListener<T>? visitor, CancellationToken cancellation)
    {
        Begin(input, visitor);
        request.Cache?.Begin();
        Embed();
        NetworkWeights weights = network.Effective;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Finished(network.Hooks.IndexOf(HookKind.ResidPre, layer)))
            {
                break;
            }

            if (tape?.Checkpoints == true)
            {
                RecordBlock(layer, weights.Blocks[layer]);
            }
            else
            {
                Block(layer, weights.Blocks[layer]);
            }
        }

        request.Cache?.End(request.Length);
        cancellation.ThrowIfCancellationRequested();
        Unembed(weights);
        listener = null;
        request = default;
        if (!T.IsFinite(TensorPrimitives.Sum<T>(output.Span)))
        {
            // Either a weight is damaged, which is an error, or the caller's own changes led here.
            network.RequireFinite();
        }

        GC.KeepAlive(this);
    }

    private bool Finished(int next) => request.Logits == LogitScope.None && request.Targets.IsEmpty && (listener is null || listener.Last < next) && request.Cache is null;

    private void Begin(in ForwardRequest input, IActivationListener<T>? visitor)
    {
        request = input;
        listener = visitor;
        packed = null;

        // Weights may have been trained on since they were decoded.
        decodedLayer = -1;
        past = input.Cache?.Length ?? 0;
        if (past == 0 && config.ScoreBuckets is not null)
        {
            scoreBias.Forget();
        }

        if (past > 0 && !config.Causal)
        {
            throw CutawayException.Usage($"a {config.Architecture} attends to later tokens too, so it cannot go on from the keys and values of earlier ones; run the whole text");
        }

        RequireMemory();
        if (input.Length == 0 || input.Batch == 0)
        {
            throw CutawayException.Input("the prompt has no tokens; give at least one");
        }

        if (input.Tokens.Length != (long)input.Batch * input.Length)
        {
            throw CutawayException.Input($"{input.Tokens.Length} ids do not fill a batch of {input.Batch} sequences of {input.Length}");
        }

        if (input.Cache is { } cache && (cache.Batch != input.Batch || past + input.Length > cache.Capacity))
        {
            throw CutawayException.Input($"the key/value cache holds {cache.Batch} sequences of at most {cache.Capacity} positions; {input.Batch} of {past + input.Length} were asked for");
        }

        rows = input.Tokens.Length;
        if (!input.Vectors.IsEmpty && input.Vectors.Length != (long)rows * config.DModel)
        {
            throw CutawayException.Input($"{input.Vectors.Length} numbers are not {rows} vectors of {config.DModel}");
        }

        foreach (int type in input.TokenTypes.Span)
        {
            if ((uint)type >= (uint)config.TokenTypes)
            {
                throw CutawayException.Input($"token type {type} is none of the {config.TokenTypes} that {config.Architecture} knows");
            }
        }

        if (!input.TokenTypes.IsEmpty && input.TokenTypes.Length != rows)
        {
            throw CutawayException.Input($"{input.TokenTypes.Length} token types were given for {rows} tokens");
        }

        if (!config.Unembeds && (input.Logits != LogitScope.None || !input.Targets.IsEmpty))
        {
            throw CutawayException.Usage($"this {config.Architecture} ends in states and has no logits; capture hook_normalized_resid_post, unembed.hook_in, or ask for embeddings");
        }

        foreach (int id in input.Vectors.IsEmpty ? input.Tokens.Span : [])
        {
            if ((uint)id >= (uint)config.Vocabulary)
            {
                throw CutawayException.Input($"token id {id} is outside the vocabulary of {config.Vocabulary} (0 to {config.Vocabulary - 1})");
            }
        }

        SetPositions();
    }

    private void SetPositions()
    {
        int total = past + request.Length;
        mask = null;
        if (!request.AttentionMask.IsEmpty)
        {
            if (request.AttentionMask.Length != (long)request.Batch * total)
            {
                throw CutawayException.Input($"the attention mask has {request.AttentionMask.Length} entries; {request.Batch} × {total} were expected");
            }

            mask = MemoryMarshal.TryGetArray(request.AttentionMask, out ArraySegment<bool> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
                ? segment.Array
                : request.AttentionMask.ToArray();
        }

        if (positions.Length < rows)
        {
            positions = new int[rows];
        }

        span = leastSpan;
        for (int b = 0; b < request.Batch; b++)
        {
            int position = 0;
            for (int i = 0; i < total; i++)
            {
                bool real = mask is null || mask[(b * total) + i];
                if (i >= past)
                {
                    positions[(b * request.Length) + i - past] = real ? position : 0;
                }

                position += real ? 1 : 0;
            }

            span = Math.Max(span, position);
            int limit = config.Positions is PositionKind.Learned or PositionKind.Shortformer ? network.Weights.Positions!.Rows : int.MaxValue;
            if (position > limit)
            {
                throw CutawayException.Input($"the prompt has {position} tokens; this network has positions for {limit}");
            }
        }
    }

    private void Block(int layer, BlockWeights block)
    {
        int d = config.DModel;
        Visit(HookKind.ResidPre, layer, residual, request.Batch, request.Length, d);
        if (Finished(network.Hooks.IndexOf(HookKind.ResidPre, layer) + 1))
        {
            return;
        }

        if (config.Block == BlockKind.Sequential)
        {
            Attend(layer, block, written);
            Add(written, residual);
            FinishBlock(layer, block);
        }
        else
        {
            // The MLP reads the block's input, so attention's part waits until the MLP has read.
            Attend(layer, block, parallelPart);
            Mlp(layer, block, config.Block == BlockKind.Parallel ? block.MlpNorm : null);
            Add(parallelPart, written);
            Add(written, residual);
            Visit(HookKind.ResidPost, layer, residual, request.Batch, request.Length, d);
        }
    }

    // What a sequential block does once attention's part has been added.
    private void FinishBlock(int layer, BlockWeights block)
    {
        int d = config.DModel;
        if (!config.AttentionOnly)
        {
            Visit(HookKind.ResidMid, layer, residual, request.Batch, request.Length, d);
            AddCross(layer, block);
            NormSum(HookKind.MlpNormScale, layer, block.AttentionNorm);
            if (!Finished(network.Hooks.IndexOf(HookKind.MlpIn, layer)))
            {
                Mlp(layer, block, block.MlpNorm);
                Add(written, residual);
            }
        }

        Visit(HookKind.ResidPost, layer, residual, request.Batch, request.Length, d);
        NormSum(HookKind.SumNormScale, layer, block.MlpNorm);
        Visit(HookKind.NormalizedResidPost, layer, residual, request.Batch, request.Length, d);
    }

    // Where the stream itself is normalised, what follows and what is added to are the normalised values.
    private void NormSum(HookKind scaleKind, int layer, NormWeights? norm)
    {
        if (config.NormPlacement == NormPlacement.OnSum)
        {
            Norm(scaleKind, layer, norm, residual, rows, residual);
        }
    }

    // sum += x, both [rows, d_model].
    private void Add(Scratch x, Scratch sum)
    {
        int d = config.DModel;
        AddOperation<T>? by = tape is null ? null : AddOperation<T>.Record(tape, sum.Variable, x.Variable, d);
        T* before = sum.Pointer;
        AddWork work = new(x.Pointer, before, Reserve(sum, rows, d, by), d);
        network.Pool.ForRows(rows, (long)rows * d, ref work);
    }

    // x *= factor, [rows, width].
    private void Multiply(Scratch x, T factor, int width)
    {
        if (factor != T.One)
        {
            _ = Renew(x, tape is null ? null : ScaleOperation<T>.Record(tape, x.Variable, factor, width));
            TensorPrimitives.Multiply(x.Span, factor, x.Span);
        }
    }

    // x between two bounds, and a constant, [rows, width].
    private void Clamp(Scratch x, T low, T high, int width, T shift = default)
    {
        _ = Renew(x, tape is null ? null : ClampOperation<T>.Record(tape, x.Variable, low, high, width));
        TensorPrimitives.Clamp(x.Span, low, high, x.Span);
        if (shift != T.Zero)
        {
            TensorPrimitives.Add(x.Span, shift, x.Span);
        }
    }

    private bool Wants(HookKind kind, int layer)
    {
        int index = network.Hooks.IndexOf(kind, layer);
        return index >= 0 && listener is not null && listener.Wants(index);
    }

    private void Visit(HookKind kind, int layer, Scratch place, int extent0, int extent1, int extent2, int extent3 = -1)
    {
        if (listener is null)
        {
            return;
        }

        int index = network.Hooks.IndexOf(kind, layer);
        if (index < 0 || !listener.Wants(index))
        {
            return;
        }

        shape[0] = extent0;
        shape[1] = extent1;
        shape[2] = extent2;
        shape[3] = extent3;
        HookPoint point = network.Hooks.Points[index];
        ReadOnlySpan<int> extents = shape.AsSpan(0, extent3 < 0 ? 3 : 4);
        if (tape is not null)
        {
            Record(point, place, extents);
            return;
        }

        listener.Visit(new Activation<T> { Point = point, Values = place.Span, Shape = extents, Past = past });
    }

    // y = x · wᵀ + b, [count, inputs] to [count, outputs].
    private void Linear(Scratch x, int count, LinearWeights linear, Scratch y)
    {
        (int inputs, int outputs) = (linear.Weight.Columns, linear.Weight.Rows);
        LinearOperation<T>? by = tape is null ? null : LinearOperation<T>.Record(tape, x.Variable, count, linear.Weight, linear.Bias);
        T* target = Reserve(y, count, outputs, by);
        MultiplyAdds += (long)count * inputs * outputs;
        MatrixProduct.Linear(network.Pool, new MatrixView<T>(x.Pointer, count, inputs, inputs), linear.Weight, Values(linear.Bias), new MatrixView<T>(target, count, outputs, outputs));
    }

    private static T* Values(WeightVector? vector) => vector is null ? null : vector.Pointer<T>();
}
