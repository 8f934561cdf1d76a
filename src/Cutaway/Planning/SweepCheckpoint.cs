using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cutaway.Tensors.Storage;

namespace Cutaway.Planning;

/// <summary>Keeps what a sweep has measured in a file, so that a run that was cut short goes on where it was.</summary>
public static class SweepCheckpoint
{
    private const double SecondsBetweenWrites = 5;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Runs a sweep, or what a file says is left of it. The file is written as batches are done, and when the sweep is cancelled.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="model">The model.</param>
    /// <param name="path">The file; it need not be there yet.</param>
    /// <param name="progress">Reports and cancels.</param>
    /// <exception cref="CutawayException">The file is of another sweep, or cannot be read or written.</exception>
    public static SweepResult Run(Sweep sweep, LanguageModel model, string path, Progress progress = default)
    {
        string hash = SweepHash.Of(sweep, model);
        SweepResult? done = Read(path, hash, sweep.Variants.Count);
        AtomicFile.Probe(path);
        Stopwatch since = Stopwatch.StartNew();
        try
        {
            SweepResult result = sweep.RunKeeping(model, progress, done, kept =>
            {
                if (since.Elapsed.TotalSeconds >= SecondsBetweenWrites)
                {
                    Write(path, hash, kept);
                    since.Restart();
                }
            });
            Write(path, hash, result);
            return result;
        }
        catch (SweepCancelledException error)
        {
            Write(path, hash, error.Done);
            throw new SweepCancelledException(error.Done, error.CancellationToken, path);
        }
    }

    private static void Write(string path, string hash, SweepResult result) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, new Stored(hash, result.Baseline, result.Values), Options));

    private static SweepResult? Read(string path, string hash, int variants)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        Stored stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(path), Options) ?? throw new JsonException("it is empty");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} is not a sweep's checkpoint: {error.Message}. Delete it, or name another file", error);
        }

        return stored.Sweep == hash && stored.Values.Length == variants
            ? new SweepResult { Baseline = stored.Baseline, Values = stored.Values }
            : throw CutawayException.Input($"{path} is the checkpoint of another sweep (other prompts, places, metric or model). Delete it, or name another file");
    }

    private sealed record Stored(string Sweep, double[] Baseline, double[][] Values);
}
