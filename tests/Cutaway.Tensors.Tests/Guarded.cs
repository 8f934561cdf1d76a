namespace Cutaway.Tensors.Tests;

/// <summary>An array with one value more on each side, to see that a kernel writes nothing beyond its row.</summary>
internal sealed class Guarded
{
    private const float Guard = 42;
    private readonly float[] values;

    public Guarded(ReadOnlySpan<float> content)
    {
        values = new float[content.Length + 2];
        values[0] = Guard;
        values[^1] = Guard;
        content.CopyTo(Row);
    }

    public Span<float> Row => values.AsSpan(1, values.Length - 2);

    public void AssertUntouched()
    {
        Assert.Equal(Guard, values[0]);
        Assert.Equal(Guard, values[^1]);
    }
}
