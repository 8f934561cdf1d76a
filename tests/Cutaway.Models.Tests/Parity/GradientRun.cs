using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Parity;

/// <summary>One recorded pass and its way back, as tests want it.</summary>
/// <param name="Loss">The mean cross-entropy of the next tokens.</param>
/// <param name="Parameters">Gradients of parameters by name.</param>
/// <param name="Seen">Gradients of activations by hook name.</param>
internal sealed record GradientRun(double Loss, IReadOnlyDictionary<string, double[]> Parameters, IReadOnlyDictionary<string, Recorded> Seen)
{
    /// <summary>Gradients of the mean cross-entropy of the next tokens.</summary>
    /// <param name="network">The network.</param>
    /// <param name="ids">Sequences of one length.</param>
    /// <param name="wants">At which hook points gradients are kept; null for none.</param>
    /// <param name="parameters">Whether the parameters' are.</param>
    public static GradientRun OfLoss<T>(TransformerNetwork network, int[][] ids, Func<HookPoint, bool>? wants = null, bool parameters = true)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int[] targets = [.. ids.SelectMany(row => row.Skip(1).Append(-1))];
        return Of<T>(network, ids, new ForwardRequest { Targets = targets, Logits = LogitScope.None }, null, null, wants, parameters, checkpoints: false);
    }

    /// <summary>Gradients of Σ logits · weights.</summary>
    /// <param name="network">The network.</param>
    /// <param name="ids">Sequences of one length.</param>
    /// <param name="mask">Which positions are real; null for all.</param>
    /// <param name="weights">In the shape of the logits.</param>
    /// <param name="wants">At which hook points gradients are kept; null for none.</param>
    /// <param name="parameters">Whether the parameters' are.</param>
    /// <param name="scope">Which logits.</param>
    /// <param name="checkpoints">Whether blocks are run again on the way back.</param>
    public static GradientRun OfLogits<T>(
        TransformerNetwork network, int[][] ids, bool[][]? mask, double[] weights, Func<HookPoint, bool>? wants, bool parameters = false, LogitScope scope = LogitScope.All, bool checkpoints = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Of<T>(network, ids, new ForwardRequest { Logits = scope }, mask, weights, wants, parameters, checkpoints);

    private static GradientRun Of<T>(
        TransformerNetwork network, int[][] ids, ForwardRequest request, bool[][]? mask, double[]? weights, Func<HookPoint, bool>? wants, bool parameters, bool checkpoints)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ParameterGradients<T> gradients = new();
        IReadOnlyList<NamedWeight> named = parameters ? network.NamedWeights : [];
        foreach (NamedWeight weight in named)
        {
            gradients.Want(weight.Weight, weight.Length);
        }

        GradientRecorder<T>? recorder = wants is null ? null : new(network.Hooks, wants);
        ForwardPass<T> pass = new(network);
        pass.Record(
            request with { Tokens = ids.SelectMany(row => row).ToArray(), Batch = ids.Length, Length = ids[0].Length, AttentionMask = mask?.SelectMany(row => row).ToArray() },
            new Tape<T>(gradients) { Checkpoints = checkpoints },
            recorder);
        for (int i = 0; weights is not null && i < weights.Length; i++)
        {
            pass.LogitsGradient[i] = T.CreateTruncating(weights[i]);
        }

        pass.Backward();
        return new GradientRun(pass.Loss, named.ToDictionary(weight => weight.Name, weight => NetworkRun.ToDoubles<T>(gradients.Of(weight.Weight))), recorder?.Gradients ?? []);
    }
}
