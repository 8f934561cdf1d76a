using System.Numerics;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>One forward pass as tests want it: everything that was asked for, in double precision.</summary>
/// <param name="Logits">[batch, pos, vocab] row-major.</param>
/// <param name="Seen">Activations by hook name.</param>
/// <param name="Order">Hook names in firing order.</param>
internal sealed record NetworkRun(double[] Logits, IReadOnlyDictionary<string, Recorded> Seen, IReadOnlyList<string> Order)
{
    /// <summary>Loads a network from a folder or file.</summary>
    public static TransformerNetwork Load(string path)
    {
        (NetworkConfig config, NetworkWeights weights) = ModelFolder.Load(path);
        return new TransformerNetwork(config, weights);
    }

    /// <summary>Runs a batch of sequences of one length.</summary>
    /// <param name="network">The network.</param>
    /// <param name="ids">The sequences.</param>
    /// <param name="mask">Which positions are real; null for all.</param>
    /// <param name="wants">Which activations to keep; null for none.</param>
    /// <param name="edit">Changes activations.</param>
    public static NetworkRun Of<T>(
        TransformerNetwork network, int[][] ids, bool[][]? mask = null, Func<HookPoint, bool>? wants = null, HookRecorder<T>.Change? edit = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        HookRecorder<T>? recorder = wants is null ? null : new HookRecorder<T>(network.Hooks, wants) { Edit = edit };
        ForwardPass<T> pass = new(network);
        ForwardRequest request = new(ids.SelectMany(row => row).ToArray(), ids.Length, ids[0].Length)
        {
            AttentionMask = mask?.SelectMany(row => row).ToArray(),
        };
        pass.Run(request, recorder);
        return new NetworkRun(ActivationRecorder<T>.LogitsOf(pass), recorder?.Seen ?? [], recorder?.Order ?? []);
    }

    /// <summary>Widens values.</summary>
    public static double[] ToDoubles<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ActivationRecorder<T>.ToDoubles(values);
}
