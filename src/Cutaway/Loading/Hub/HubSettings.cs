using System.Globalization;

namespace Cutaway.Loading.Hub;

/// <summary>Which hub to ask, as whom, and where to keep what it gives: the variables that <c>huggingface_hub</c> reads.</summary>
public sealed record HubSettings
{
    /// <summary>The hub's address (<c>HF_ENDPOINT</c>).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The access token (<c>HF_TOKEN</c>, or the file <c>HF_TOKEN_PATH</c>, else <c>HF_HOME/token</c>), or null. It is sent to the endpoint's host only.</summary>
    public string? Token { get; init; }

    /// <summary>Where models are kept.</summary>
    public required HubCache Cache { get; init; }

    /// <summary>Whether the network is not to be used (<c>HF_HUB_OFFLINE</c>).</summary>
    public bool Offline { get; init; }

    /// <summary>Parts of a file that are fetched at once.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Bytes of a part: what is lost at most when a download is cut.</summary>
    internal int PartBytes { get; init; } = 8 << 20;

    /// <summary>How often a request is tried.</summary>
    internal int Attempts { get; init; } = 5;

    /// <summary>The wait before the second try; it doubles from try to try.</summary>
    internal TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection may give nothing.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Free bytes at a folder; a test puts a small disk in its place.</summary>
    internal Func<string, long> FreeBytes { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>The settings of this process's environment.</summary>
    /// <exception cref="CutawayException">A variable has no meaning.</exception>
    public static HubSettings FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>The settings of some variables.</summary>
    internal static HubSettings From(Func<string, string?> variable)
    {
        string address = Set("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw CutawayException.Usage($"HF_ENDPOINT is '{address}'; an address such as https://huggingface.co was expected");
        }

        return new HubSettings
        {
            Endpoint = endpoint,
            Token = Trimmed(Set("HF_TOKEN")) ?? TokenIn(Set("HF_TOKEN_PATH") ?? Path.Combine(HubCache.HomeIn(variable), "token")),
            Cache = new HubCache(HubCache.FolderIn(variable)),
            Offline = Set("HF_HUB_OFFLINE")?.ToUpper(CultureInfo.InvariantCulture) is "1" or "TRUE" or "YES" or "ON",
        };

        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    private static string? TokenIn(string file)
    {
        try
        {
            return File.Exists(file) ? Trimmed(File.ReadAllText(file)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"the hub token in {file} cannot be read: {error.Message}; set HF_TOKEN, or remove the file", error);
        }
    }

    // A token with a line break in it would be refused as a header, or worse, end it.
    private static string? Trimmed(string? token) =>
        token?.Trim() is not { Length: > 0 } text ? null
        : text.All(letter => letter is > ' ' and < '\x7f') ? text
        : throw CutawayException.Usage("the hub token holds blanks or letters outside ASCII; copy it again from the hub's settings");
}
