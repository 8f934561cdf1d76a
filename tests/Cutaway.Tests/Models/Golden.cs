using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Tests.Models;

/// <summary>One golden: its numbers and what its JSON says of them.</summary>
internal sealed class Golden
{
    private readonly SafetensorsFile file;

    public Golden(string folder, string name)
    {
        file = SafetensorsFile.Open(Fixtures.Golden(folder, name + ".safetensors"));
        Json = JsonDocument.Parse(File.ReadAllText(Fixtures.Golden(folder, name + ".json"))).RootElement;
    }

    public JsonElement Json { get; }

    public IEnumerable<string> Names => file.Tensors.Keys;

    public double[] this[string name] => file.Tensors[name].ToDoubles();

    public long[] Integers(string name) => file.Tensors[name].ToIntegers();

    public static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>Fails with the place of the first number that is further off than the tolerance.</summary>
    public static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance, string what)
    {
        Assert.True(expected.Count == actual.Count, $"{what}: {actual.Count} numbers, {expected.Count} expected");
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{what}[{i}]: {actual[i]}, {expected[i]} expected");
        }
    }

    public static void AssertClose(IReadOnlyList<double> expected, Tensor actual, double tolerance, string what) =>
        AssertClose(expected, actual.ToDoubles(), tolerance, what);
}
