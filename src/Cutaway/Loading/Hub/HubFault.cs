using System.Net;

namespace Cutaway.Loading.Hub;

/// <summary>What an answer of the hub that is no success means, and what to do about it.</summary>
internal static class HubFault
{
    /// <summary>The error for an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="id">The repository.</param>
    /// <param name="what">What was asked for, such as a revision or a file.</param>
    /// <param name="settings">The hub and the token.</param>
    public static CutawayException Of(HttpResponseMessage answer, string id, string what, HubSettings settings)
    {
        string host = settings.Endpoint.Host;
        string page = new Uri(settings.Endpoint, id).ToString();
        string? code = Header(answer, "X-Error-Code");
        string status = $"{(int)answer.StatusCode}";
        string message = (answer.StatusCode, code) switch
        {
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, "GatedRepo") when settings.Token is null =>
                $"'{id}' is gated ({status}): accept its conditions at {page}, then set HF_TOKEN to a token of that account",
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, "GatedRepo") =>
                $"'{id}' is gated ({status}) and the account of your token has no access: accept its conditions at {page}, or wait until its owner has agreed",
            (HttpStatusCode.Unauthorized, _) when settings.Token is null =>
                $"{host} shows '{id}' to nobody without a token (401): there is no such repository, or it is private. Check the spelling, or set HF_TOKEN",
            (HttpStatusCode.Unauthorized, _) =>
                $"{host} does not accept the token for '{id}' (401): it has expired or is mistyped. Make a new one and set HF_TOKEN, or unset it for public models",
            (HttpStatusCode.Forbidden, _) =>
                $"{host} refuses '{id}' to this token (403): it may not read this repository. Give it read access in the hub's settings",
            (HttpStatusCode.NotFound, "RevisionNotFound") =>
                $"'{id}' has no revision '{what}' (404); leave it out for 'main', or look at {page}",
            (HttpStatusCode.NotFound, "EntryNotFound") => $"'{id}' has no file '{what}' (404)",
            (HttpStatusCode.NotFound, _) =>
                $"{host} has no '{id}' or no revision '{what}' of it (404); check the spelling of owner and name: capitals count",
            (HttpStatusCode.TooManyRequests, _) =>
                $"{host} has had too many requests from here (429); wait some minutes{(settings.Token is null ? ", or set HF_TOKEN, which raises the limit" : "")}, and pull again: what has come is kept",
            ( >= HttpStatusCode.InternalServerError, _) =>
                $"{host} is out of order ({status}); pull again later: what has come is kept",
            _ => $"{host} answered {status} to '{id}' ({what}), which has no meaning here; check HF_ENDPOINT",
        };
        return CutawayException.Input(message);
    }

    /// <summary>The error for a connection that failed at every try.</summary>
    public static CutawayException Unreachable(Uri address, Exception error) =>
        CutawayException.Input($"{address.Host} cannot be reached or broke off: {error.Message}. Check the network (and HF_ENDPOINT), and pull again: what has come is kept", error);

    /// <summary>A header's only or first value, or null.</summary>
    public static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
}
