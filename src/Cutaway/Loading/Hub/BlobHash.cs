using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cutaway.Loading.Hub;

/// <summary>Checks a file of the cache against its name, which is its checksum.</summary>
internal static class BlobHash
{
    private const int Sha256Digits = 64;
    private const int GitDigits = 40;

    /// <summary>Whether a blob's name is a checksum that can be computed again.</summary>
    public static bool IsChecksum(string blob) => blob.Length is Sha256Digits or GitDigits && blob.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a file is what its name says: SHA-256 of the content, or SHA-1 of git's header and the content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="blob">Its name, which <see cref="IsChecksum"/>.</param>
    /// <param name="progress">Hears of every step.</param>
    public static bool Fits(string path, string blob, Progress progress)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(blob.Length == Sha256Digits ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan);
        if (blob.Length == GitDigits)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
        }

        byte[] buffer = new byte[1 << 20];
        string what = "checking " + Path.GetFileName(path);
        while (stream.Read(buffer) is > 0 and int count)
        {
            hash.AppendData(buffer, 0, count);
            progress.Step(what, (int)(stream.Position >> 10), (int)Math.Max(1, stream.Length >> 10));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == blob;
    }
}
