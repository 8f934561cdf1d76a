using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Cutaway.Runs;

/// <summary>Gives the text of a generation that runs on another thread as it comes.</summary>
internal static class TextStream
{
    /// <summary>Runs a generation; it is cancelled when the reader stops reading.</summary>
    /// <param name="generate">Generates, and calls what it is given with each piece of text.</param>
    /// <param name="cancellation">Cancels both.</param>
    public static async IAsyncEnumerable<string> Of(Action<Action<string>, CancellationToken> generate, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<string> pieces = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Task work = Task.Run(
            () =>
            {
                try
                {
                    generate(piece => pieces.Writer.TryWrite(piece), source.Token);
                }
                finally
                {
                    pieces.Writer.Complete();
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return piece;
            }
        }
        finally
        {
            await source.CancelAsync().ConfigureAwait(false);
            await work.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }

        await work.ConfigureAwait(false);
    }
}
