using System.Numerics;
using Cutaway.Models.Network;

namespace Cutaway.Models.Parity;

/// <summary>One folder of <c>goldens/architectures</c>, compared as <c>cutaway parity</c> does. Each case yields a line for every tensor, null where it is as it should be.</summary>
internal sealed class ArchitectureGolden
{
    private readonly GoldenFolder golden;
    private readonly DecoderParity parity;

    /// <summary>Opens a folder.</summary>
    public ArchitectureGolden(string folder)
    {
        golden = GoldenFolder.Open(folder);
        parity = new DecoderParity(golden);
    }

    /// <summary>The checkpoint's network.</summary>
    public TransformerNetwork Network => parity.Network;

    /// <summary>Ids of the plain run.</summary>
    public int[][] PlainIds => parity.PlainIds;

    /// <summary>Groups that the tensors fall into: what stands before the first slash.</summary>
    public IEnumerable<string> Groups => golden.Prefixes;

    /// <summary>Every activation of one run, and its logits.</summary>
    public IEnumerable<string?> Plain() => parity.Plain().Select(comparison => comparison.Fault);

    /// <summary>Prompts of unequal length in one batch.</summary>
    public IEnumerable<string?> Padded(string name) => parity.Padded(name).Select(comparison => comparison.Fault);

    /// <summary>Greedy tokens through the key/value cache.</summary>
    public IEnumerable<string?> Greedy() => parity.Greedy().Select(comparison => comparison.Fault);

    /// <summary>The logits in double precision.</summary>
    public IEnumerable<string?> Float64() => parity.Float64().Select(comparison => comparison.Fault);

    /// <summary>The gradients of the mean next-token loss.</summary>
    public IEnumerable<string?> Gradients<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => parity.Gradients<T>().Select(comparison => comparison.Fault);
}
