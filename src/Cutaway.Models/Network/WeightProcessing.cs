using Cutaway.Models.Network.Processing;
using Cutaway.Tensors;

namespace Cutaway.Models.Network;

/// <summary>
/// Weight processing as TransformerLens defines it (Nanda and Bloom 2022): an explicit step that returns new weights, in
/// which what did not change is shared with the old ones. Arithmetic is in double precision.
/// </summary>
public static class WeightProcessing
{
    private static readonly (ProcessingSteps Step, string Name, Func<NetworkConfig, string?> Obstacle)[] Steps =
    [
        (ProcessingSteps.FoldNorms, "fold_ln", config => config.Norm == NormKind.None || !config.PreNorms
            ? "it has no norms before its parts"
            : null),
        (ProcessingSteps.CenterWritingWeights, "center_writing_weights", config => config.Norm != NormKind.Layer || config.NormPlacement != NormPlacement.Before || config.HeadTransform || !config.FinalNorm
            ? "only LayerNorm before every reader removes the mean of the residual stream"
            : null),
        (ProcessingSteps.CenterUnembed, "center_unembed", config => config.LogitSoftCap is not null
            ? "its logits are capped (final_logit_softcapping), so that shifting them all changes their probabilities"
            : null),
        (ProcessingSteps.FoldValueBiases, "fold_value_biases", config => config switch
        {
            { AttentionSinks: true } => "its attention has sinks, so that patterns sum to less than one",
            { ProjectionBound: not null } => "its values are held within bounds (clip_qkv)",
            _ => null,
        }),
        (ProcessingSteps.RefactorAttention, "refactor_factored_attn_matrices", config => config switch
        {
            { Encoder: not null } => "its blocks read an encoder's output too",
            { AttentionSinks: true } => "its attention has sinks, so that patterns sum to less than one and value biases cannot be folded",
            { KeyValueHeads: int keys, Heads: int heads } when keys != heads => "its heads share keys and values",
            { Latent: not null } => "its heads read queries, keys and values from latents that they share",
            { QueryKeyNorm: not QueryKeyNorm.None } => "the norms of its queries and keys know their basis",
            { ProjectionBound: not null } => "its queries and keys are held within bounds (clip_qkv)",
            _ when config.LayerConfigs.Any(layer => layer.Rotary is not null) => "the rotation of its queries and keys knows their basis",
            _ => null,
        }),
    ];

    /// <summary>The steps that keep the log-probabilities of a network; the usual choice is those of them that are <see cref="ProcessingSteps.Defaults"/>.</summary>
    public static ProcessingSteps Suitable(NetworkConfig config)
    {
        ProcessingSteps suitable = ProcessingSteps.None;
        foreach ((ProcessingSteps step, _, Func<NetworkConfig, string?> obstacle) in Steps)
        {
            if (!AddsPositionsAfterNorm(config) && obstacle(config) is null)
            {
                suitable |= step;
            }
        }

        return suitable;
    }

    /// <summary>Rewrites weights.</summary>
    /// <param name="config">The network's configuration.</param>
    /// <param name="weights">Its weights; they stay as they are.</param>
    /// <param name="steps">What to do, done in the order of <see cref="ProcessingSteps"/>.</param>
    /// <param name="storage">How new matrices are kept: double for a network that is to run in fp64.</param>
    /// <returns>The new weights, and the configuration that fits them and names the steps.</returns>
    /// <exception cref="CutawayException">A step would change what the network computes.</exception>
    public static (NetworkConfig Config, NetworkWeights Weights) Apply(
        NetworkConfig config, NetworkWeights weights, ProcessingSteps steps, DType storage = DType.Float32)
    {
        foreach ((ProcessingSteps step, string name, Func<NetworkConfig, string?> obstacle) in Steps)
        {
            if (!steps.HasFlag(step))
            {
                continue;
            }

            string? reason = AddsPositionsAfterNorm(config) ? "its positions are added after the norm (shortformer), where nothing can be folded or centred" : obstacle(config);
            if (reason is not null)
            {
                throw CutawayException.Usage($"{name} does not apply to this {config.Architecture}: {reason}. Leave it out; what applies is: {Names(Suitable(config))}");
            }

            weights = step switch
            {
                ProcessingSteps.FoldNorms => NormFolding.Apply(config, weights, storage),
                ProcessingSteps.CenterWritingWeights => Centring.WritingWeights(weights, storage),
                ProcessingSteps.CenterUnembed => Centring.Unembedding(weights, storage),
                ProcessingSteps.FoldValueBiases => ValueBiasFolding.Apply(config, weights),
                _ => AttentionRefactoring.Apply(config, weights, storage),
            };
            if (!config.AppliedProcessing.Contains(name))
            {
                config = config with { AppliedProcessing = [.. config.AppliedProcessing, name] };
            }
        }

        return (config with { TiedEmbedding = config.TiedEmbedding && ReferenceEquals(weights.Embedding, weights.Unembedding.Weight) }, weights);
    }

    private static bool AddsPositionsAfterNorm(NetworkConfig config) => config.Positions == PositionKind.Shortformer;

    private static string Names(ProcessingSteps steps) => steps == ProcessingSteps.None
        ? "nothing"
        : string.Join(", ", Steps.Where(entry => steps.HasFlag(entry.Step)).Select(entry => entry.Name));
}
