using System.Net;
using System.Net.Http.Headers;

namespace Cutaway.Loading.Hub;

/// <summary>
/// Requests to the hub: tried again where that may help, redirected by hand so that the token goes to the hub's own host
/// only and nothing that began encrypted goes on in the clear.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MostRedirects = 8;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly HubSettings settings;
    private readonly HttpClient client;

    /// <summary>Prepares a connection; nothing is sent.</summary>
    public HubConnection(HubSettings settings)
    {
        this.settings = settings;
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = settings.Patience, MaxConnectionsPerServer = settings.Connections + 1 })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("cutaway", typeof(HubConnection).Assembly.GetName().Version?.ToString(3)));
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>Does something that may fail for a while, such as a request, until it succeeds or has been tried often enough.</summary>
    /// <param name="address">Whom to name if it never succeeds.</param>
    /// <param name="attempt">One try.</param>
    /// <param name="cancellation">Ends the trying.</param>
    /// <exception cref="CutawayException">Every try failed, or one failed for good.</exception>
    public async Task<T> Retry<T>(Uri address, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellation)
    {
        TimeSpan pause = settings.FirstPause;
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await attempt(cancellation).ConfigureAwait(false);
            }
            catch (BusyException busy) when (tries < settings.Attempts)
            {
                pause = busy.Pause is { } asked && asked > pause ? Min(asked, LongestPause) : pause;
            }
            catch (BusyException busy)
            {
                throw busy.Fault;
            }
            catch (Exception error) when (IsCut(error) && !cancellation.IsCancellationRequested)
            {
                if (tries >= settings.Attempts)
                {
                    throw HubFault.Unreachable(address, error);
                }
            }

            await Task.Delay(pause, cancellation).ConfigureAwait(false);
            pause = Min(2 * pause, LongestPause);
        }
    }

    /// <summary>Sends a request once and follows its redirects.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="address">Where to.</param>
    /// <param name="range">The bytes wanted, or null for all.</param>
    /// <param name="stay">Whether to stop at a redirect to another host: its answer describes the file, the other host's need not.</param>
    /// <param name="fault">The error for an answer that is no success and never will be.</param>
    /// <param name="cancellation">Cancels the request.</param>
    public async Task<HttpResponseMessage> Send(
        HttpMethod method, Uri address, RangeHeaderValue? range, bool stay, Func<HttpResponseMessage, CutawayException> fault, CancellationToken cancellation)
    {
        for (int redirects = 0; ; redirects++)
        {
            using HttpRequestMessage request = new(method, address);
            request.Headers.Range = range;

            // Sizes and checksums are those of the plain file.
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (settings.Token is { } token && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            HttpResponseMessage answer = await InTime(patience => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience), cancellation).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            Uri? next = answer.StatusCode is >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest && answer.Headers.Location is { } location ? new Uri(address, location) : null;
            if (stay && next is not null && !(next.Host == address.Host && next.Port == address.Port))
            {
                return answer;
            }

            using HttpResponseMessage spent = answer;
            if (next is null)
            {
                throw answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError
                    ? new BusyException(fault(answer), answer.Headers.RetryAfter?.Delta)
                    : fault(answer);
            }

            if (next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme == "http"))
            {
                throw CutawayException.Input($"{address.Host} leads from {address.Scheme} to {next.Scheme}://{next.Host}, which is not followed; check HF_ENDPOINT");
            }

            if (redirects == MostRedirects)
            {
                throw CutawayException.Input($"{settings.Endpoint.Host} leads in circles: more than {MostRedirects} redirects for {address.AbsolutePath}; check HF_ENDPOINT");
            }

            address = next;
        }
    }

    /// <summary>Waits for something no longer than a connection may be silent.</summary>
    public async Task<T> InTime<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(settings.Patience);
        try
        {
            return await wait(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {settings.Patience.TotalSeconds:0} s");
        }
    }

    private bool IsHub(Uri address) => address.Scheme == settings.Endpoint.Scheme && address.Host == settings.Endpoint.Host && address.Port == settings.Endpoint.Port;

    /// <summary>Whether an error is of the network and may pass.</summary>
    public static bool IsCut(Exception error) => error is HttpRequestException or IOException or TimeoutException;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>An answer that asks for patience.</summary>
    private sealed class BusyException(CutawayException fault, TimeSpan? pause) : Exception(fault.Message, fault)
    {
        /// <summary>The error if patience does not help.</summary>
        public CutawayException Fault => fault;

        /// <summary>The wait the hub asked for, or null.</summary>
        public TimeSpan? Pause => pause;
    }
}
