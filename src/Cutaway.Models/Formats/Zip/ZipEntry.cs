namespace Cutaway.Models.Formats.Zip;

/// <summary>A file in a zip file.</summary>
/// <param name="Name">Its path there.</param>
/// <param name="Start">Where its bytes begin, counted from the zip file's first.</param>
/// <param name="StoredLength">How many bytes it takes.</param>
/// <param name="Length">How many it has when it is unpacked; the same where it is stored as it is.</param>
/// <param name="IsDeflated">Whether it is compressed.</param>
internal sealed record ZipEntry(string Name, long Start, long StoredLength, long Length, bool IsDeflated);
