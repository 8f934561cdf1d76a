namespace Cutaway.Models.Formats.Zip;

/// <summary>The bytes of a zip file, read within its bounds.</summary>
internal readonly unsafe struct ZipBytes(byte* data, long length)
{
    private readonly byte* data = data;

    /// <summary>How many there are.</summary>
    public long Length => length;

    /// <summary>Some of them.</summary>
    public ReadOnlySpan<byte> At(long start, int bytes, string what)
    {
        Require(start, bytes, what);
        return new ReadOnlySpan<byte>(data + start, bytes);
    }

    /// <summary>Refuses what is not there.</summary>
    public void Require(long start, long bytes, string what)
    {
        if (start < 0 || start > length || bytes > length - start)
        {
            throw new FormatException($"{what} is beyond its end: the file is cut short or damaged");
        }
    }
}
