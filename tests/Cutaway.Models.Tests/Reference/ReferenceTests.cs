using System.Text;
using Cutaway.Models.Architectures;
using Cutaway.Models.Network;
using Cutaway.Models.Parity;

namespace Cutaway.Models.Reference;

/// <summary>Families without reference values of another implementation, against a plain one written beside the tests.</summary>
public sealed class ReferenceTests
{
    private static readonly int[] Ids = [3, 17, 5, 5, 30, 0, 12, 9];

    private static readonly Dictionary<string, (string Config, Func<ReferenceCheckpoint, int[], double[][]> Logits)> Cases =
        LlamaReferences.All().Concat(OtherReferences.All()).Concat(EncoderReferences.All()).ToDictionary(entry => entry.Name, entry => (entry.Config, entry.Logits));

    /// <summary>The cases.</summary>
    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_equal_the_reference(string name)
    {
        (TransformerNetwork network, double[] expected) = Prepare(name);
        Closeness.Require(name, expected, NetworkRun.Of<double>(network, [Ids]).Logits, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Padding_on_the_left_changes_nothing(string name)
    {
        (TransformerNetwork network, double[] expected) = Prepare(name);
        const int Padding = 3;
        int[] padded = [.. Enumerable.Repeat(1, Padding), .. Ids];
        bool[] mask = [.. padded.Select((_, i) => i >= Padding)];
        double[] found = NetworkRun.Of<double>(network, [padded], [mask]).Logits;
        Closeness.Require(name, expected, found.AsSpan(Padding * network.Config.Vocabulary), 1e-9);
    }

    private static (TransformerNetwork Network, double[] Expected) Prepare(string name)
    {
        (string json, Func<ReferenceCheckpoint, int[], double[][]> logits) = Cases[name];
        ReferenceCheckpoint checkpoint = new(json);
        double[] expected = [.. logits(checkpoint, Ids).SelectMany(row => row)];
        (NetworkConfig config, NetworkWeights weights) = ArchitectureCatalogue.Read(Encoding.UTF8.GetBytes(json), "config.json", checkpoint, "reference");
        return (new TransformerNetwork(config, weights), expected);
    }
}
