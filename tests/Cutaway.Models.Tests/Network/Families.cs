using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>Small networks of every wiring for tests of properties that need no reference.</summary>
internal static class Families
{
    /// <summary>Shorter than the least context or window that matters.</summary>
    public static readonly int[] Ids = [7, 45, 56, 3, 18, 45, 56, 9, 27, 5];

    /// <summary>Folders of <c>tests/Goldens</c>: learned, rotary and partial rotary positions, grouped queries, parallel parts, windows, caps, norms of heads, no MLPs.</summary>
    public static TheoryData<string> All { get; } =
    [
        "architectures/gpt2",
        "architectures/gpt-neox",
        "architectures/llama3-gqa-tied",
        "architectures/llama-bias-linear",
        "architectures/mistral-sliding",
        "architectures/qwen3",
        "architectures/gemma2",
        "architectures/gemma3",
        "transformerlens/attn-only-standard",
        "transformerlens/attn-only-shortformer",
    ];

    /// <summary>Opens one of them.</summary>
    public static TransformerNetwork Open(string folder) => NetworkRun.Load(Fixtures.Golden(folder.Split('/')));
}
