using Cutaway.Models.Network;

namespace Cutaway.Analysis;

/// <summary>What every split of the residual stream by writers rests on: that the stream is the sum of what was written, and that logits are linear in it but for a norm.</summary>
internal static class StreamSum
{
    /// <summary>Refuses networks whose stream is normalised itself after each part.</summary>
    /// <param name="config">The network.</param>
    /// <exception cref="CutawayException">It is one of those.</exception>
    public static void Require(NetworkConfig config)
    {
        if (config.NormPlacement == NormPlacement.OnSum || config.HeadTransform)
        {
            throw CutawayException.Usage(
                $"a {config.Architecture} normalises the residual stream itself after each part, so the stream is no sum of what its parts wrote and no part has a share of it; use activation-patching, ablation or logit-lens");
        }
    }
}
