using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Planning;

/// <summary>The run that all variants are changes of: its residual streams, its keys and values, and what was at every site that a variant touches.</summary>
internal sealed class BaseRun<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<string, Tensor> captured;
    private readonly NetworkConfig config;

    private BaseRun(NetworkConfig config, TokenBatch prompts, KeyValueCache cache, Dictionary<string, Tensor> captured)
    {
        this.config = config;
        this.captured = captured;
        Prompts = prompts;
        Cache = cache;
    }

    /// <summary>What it read.</summary>
    public TokenBatch Prompts { get; }

    /// <summary>Keys and values of every position.</summary>
    public KeyValueCache Cache { get; }

    /// <summary>Bytes held for the variants to start from.</summary>
    public long Bytes => captured.Values.Sum(tensor => tensor.Bytes) + Cache.Bytes;

    /// <summary>Runs the prompts once.</summary>
    /// <param name="pass">The pass to run them in.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="changes">What is changed in this run already.</param>
    /// <param name="touched">Points that variants touch.</param>
    /// <param name="cancellation">Cancels the run.</param>
    public static BaseRun<T> Of(ForwardPass<T> pass, TokenBatch prompts, IReadOnlyList<Intervention> changes, IEnumerable<HookPoint> touched, CancellationToken cancellation)
    {
        NetworkConfig config = pass.Network.Config;
        HookTable hooks = pass.Network.Hooks;
        IEnumerable<HookPoint> streams = Enumerable.Range(0, config.Layers)
            .SelectMany(layer => new[] { hooks.Find(HookKind.ResidPre, layer), hooks.Find(HookKind.ResidMid, layer) })
            .Append(Last(hooks, config))
            .OfType<HookPoint>();
        PlanItem[] captures = [.. streams.Concat(touched).DistinctBy(point => point.Index).Select(point => Capture.At(new Site(point.Name)))];
        PlanListener<T> listener = new(CompiledPlan.Compile(hooks, [.. changes, .. captures], prompts));
        KeyValueCache cache = KeyValueCache.Create<T>(config, prompts.Batch, prompts.Length, keepAll: true);
        pass.Run(new ForwardRequest(prompts.Ids, prompts.Batch, prompts.Length) { AttentionMask = prompts.Mask, Logits = LogitScope.None, Cache = cache }, listener, cancellation);
        return new(config, prompts, cache, listener.Captured);
    }

    /// <summary>What was at a point.</summary>
    public ReadOnlySpan<T> At(HookPoint point) => captured[point.Name].To<T>();

    /// <summary>The extents of a point's activation.</summary>
    public IReadOnlyList<int> Shape(HookPoint point) => captured[point.Name].Shape;

    /// <summary>The residual streams with which a step begins, [prompt, pos, d_model].</summary>
    /// <param name="hooks">The network's points.</param>
    /// <param name="step">Halves of blocks; twice the number of layers for the end.</param>
    public ReadOnlySpan<T> Streams(HookTable hooks, int step) => At(
        step == 2 * config.Layers ? Last(hooks, config)
        : hooks.Find(step % 2 == 0 ? HookKind.ResidPre : HookKind.ResidMid, step / 2)!);

    // The stream that the unembedding reads.
    private static HookPoint Last(HookTable hooks, NetworkConfig config) =>
        (hooks.Find(HookKind.NormalizedResidPost, config.Layers - 1) ?? hooks.Find(HookKind.ResidPost, config.Layers - 1))!;
}
