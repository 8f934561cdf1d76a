using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>The same bits for any number of threads, for any repeat, and whatever a pass computed before.</summary>
public sealed class DeterminismTests
{
    private static readonly int[][] Batch = [[.. Enumerable.Range(0, 70).Select(i => i * 37 % 1031)], [.. Enumerable.Range(0, 70).Select(i => i * 91 % 1031)]];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        NetworkRun alone = NetworkRun.Of<float>(RandomNetwork.Create(1), Batch, wants: _ => true);
        NetworkRun together = NetworkRun.Of<float>(RandomNetwork.Create(threads), Batch, wants: _ => true);
        Assert.All(alone.Seen, entry => Assert.Equal(entry.Value.Values, together.Seen[entry.Key].Values));
        Assert.Equal(alone.Logits, together.Logits);
        Assert.Equal(NetworkRun.Of<float>(RandomNetwork.Create(1), Batch).Logits, NetworkRun.Of<float>(RandomNetwork.Create(threads), Batch).Logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Steps_through_the_cache_give_the_same_bits_for_any_number_of_threads(int threads)
    {
        Assert.Equal(Steps(2), Steps(threads));

        static List<float> Steps(int threads)
        {
            TransformerNetwork network = RandomNetwork.Create(threads);
            ForwardPass<float> pass = new(network);
            KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, Batch[0].Length);
            List<float> logits = [];
            int start = 0;
            foreach (int length in (ReadOnlySpan<int>)[40, 1, 1, 5, 1])
            {
                pass.Run(new ForwardRequest(Batch[0].AsMemory(start, length), 1, length) { Logits = LogitScope.Last, Cache = cache });
                logits.AddRange(pass.Logits);
                start += length;
            }

            return logits;
        }
    }

    [Fact]
    public void What_a_pass_computed_before_leaves_no_trace()
    {
        TransformerNetwork network = RandomNetwork.Create(2);
        ForwardPass<float> used = new(network);
        ForwardRequest small = new(Batch[0].AsMemory(0, 9), 1, 9);
        used.Run(small);
        float[] first = used.Logits.ToArray();
        used.Run(new ForwardRequest(Batch.SelectMany(row => row).ToArray(), 2, 70), new HookRecorder<float>(network.Hooks, _ => true));
        used.Run(new ForwardRequest(new[] { 3, 1, 4, 1 }, 2, 2) { AttentionMask = new[] { true, true, false, true }, Logits = LogitScope.None });
        Assert.Throws<CutawayException>(() => used.Run(new ForwardRequest(new[] { 1, 99999 }, 1, 2)));
        used.Run(small);
        Assert.Equal(first, used.Logits.ToArray());
    }

    [Fact]
    public void One_network_serves_several_passes_at_once()
    {
        TransformerNetwork network = RandomNetwork.Create(2);
        double[] expected = NetworkRun.Of<float>(network, Batch).Logits;
        double[][] found = new double[4][];
        Parallel.For(0, found.Length, i => found[i] = NetworkRun.Of<float>(network, Batch).Logits);
        Assert.All(found, logits => Assert.Equal(expected, logits));
    }
}
