using System.Text;
using Cutaway.Testing;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>Pickles that CPython's own pickler wrote, in every protocol and both layouts (<c>tests/Goldens/pickle</c>).</summary>
public sealed class PythonPickleTests
{
    [Theory]
    [InlineData("protocol2.pt")]
    [InlineData("protocol3.pt")]
    [InlineData("protocol4.pt")]
    [InlineData("protocol5.pt")]
    [InlineData("legacy.pt")]
    public unsafe void Every_protocol_gives_the_same_tensors_and_settings(string name)
    {
        TorchFile file = TorchFile.Open(Fixtures.Golden("pickle", name));
        Assert.Equal(["embed", "half", "ids", "last", "tied", "turned"], file.Tensors.Keys.Order());
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], file.Tensors["embed"].ToArray<float>());
        Assert.True(file.Tensors["embed"].Data == file.Tensors["tied"].Data);
        Assert.Equal([4, 3], file.Tensors["turned"].Shape);
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], file.Tensors["turned"].ToArray<float>());
        Assert.Equal([8, 9, 10, 11], file.Tensors["last"].ToArray<float>());
        Assert.Equal([0.5, -1, 2, 65504], file.Tensors["half"].ToDoubles());
        Assert.Equal([1, -2, 1L << 40], file.Tensors["ids"].ToIntegers());
        Assert.Equal("""{"nested":{"k":null},"flag":true,"names":["x","y"],"eps":1E-05,"n_layers":2}""", Encoding.UTF8.GetString(file.Settings!.Value.Span));
    }
}
