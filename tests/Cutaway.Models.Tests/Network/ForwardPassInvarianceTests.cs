using System.Numerics;
using Cutaway.Models.Parity;
using Cutaway.Tensors.Parallel;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>What must not matter to a forward pass: threads, repetition, onlookers, company in the batch, and the cache.</summary>
public sealed class ForwardPassInvarianceTests
{
    private const double SinglePrecision = 2e-4;
    private const double DoublePrecision = 1e-11;

    // Three blocks of queries, the last of them short.
    private const int Length = 150;

    public static TheoryData<string> Names => RandomNetworks.Names;

    public static TheoryData<string> CausalNames => ["gpt2", "llama", "gemma", "neox", "sinks", "mixture", "latent", "cross"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_number_of_threads_gives_the_same_bits(string name)
    {
        Threads<float>(name);
        Threads<double>(name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Looking_on_changes_nothing(string name)
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        int[][] ids = [RandomNetworks.Ids(Length, 1), RandomNetworks.Ids(Length, 2)];
        AssertNear(NetworkRun.Of<float>(network, ids).Logits, NetworkRun.Of<float>(network, ids, wants: point => !point.Optional).Logits, SinglePrecision);
        AssertNear(NetworkRun.Of<double>(network, ids).Logits, NetworkRun.Of<double>(network, ids, wants: point => !point.Optional).Logits, DoublePrecision);
        AssertNear(NetworkRun.Of<double>(network, ids).Logits, NetworkRun.Of<double>(network, ids, wants: _ => true).Logits, DoublePrecision);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sequence_is_the_same_alone_in_a_batch_and_behind_padding(string name)
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        int[] first = RandomNetworks.Ids(Length, 1);
        int[] second = RandomNetworks.Ids(Length - 40, 2);
        int[] padded = [.. new int[40], .. second];
        bool[] real = [.. new bool[40], .. Enumerable.Repeat(true, second.Length)];
        double[] together = NetworkRun.Of<double>(network, [first, padded], [Enumerable.Repeat(true, Length).ToArray(), real]).Logits;
        AssertNear(NetworkRun.Of<double>(network, [first]).Logits, together.AsSpan(0, together.Length / 2), DoublePrecision);
        AssertNear(NetworkRun.Of<double>(network, [second]).Logits, together.AsSpan(together.Length - (second.Length * network.Config.Vocabulary)), DoublePrecision);
    }

    [Fact]
    public void Pieces_of_a_text_are_refused_where_earlier_tokens_read_later_ones()
    {
        TransformerNetwork network = RandomNetworks.Create("encoder");
        ForwardPass<double> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 1, 4);
        pass.Run(new ForwardRequest(RandomNetworks.Ids(2, 1), 1, 2) { Cache = cache });
        CutawayException error = Assert.Throws<CutawayException>(() => pass.Run(new ForwardRequest(RandomNetworks.Ids(2, 1), 1, 2) { Cache = cache }));
        Assert.Contains("attends to later tokens too", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(CausalNames))]
    public void A_text_is_the_same_in_pieces_through_the_cache(string name)
    {
        Pieces<float>(name, SinglePrecision);
        Pieces<double>(name, DoublePrecision);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_last_logits_are_those_of_the_last_positions(string name)
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        int[] ids = RandomNetworks.Ids(2 * Length, 1);
        ForwardPass<double> pass = new(network);
        pass.Run(new ForwardRequest(ids, 2, Length));
        double[] all = pass.Logits.ToArray();
        pass.Run(new ForwardRequest(ids, 2, Length) { Logits = LogitScope.Last });
        int vocabulary = network.Config.Vocabulary;
        AssertNear([.. all[((Length - 1) * vocabulary)..(Length * vocabulary)], .. all[^vocabulary..]], pass.Logits, DoublePrecision);
    }

    [Theory]
    [InlineData("llama", 1)]
    [InlineData("llama", 2)]
    [InlineData("latent", 2)]
    public void A_generated_token_allocates_nothing(string name, int threads)
    {
        TransformerNetwork network = RandomNetworks.Create(name, new WorkerPool(threads));
        AssertNoAllocation(network, RandomNetworks.Ids(20, 1));
    }

    [SkippableFact]
    public void A_token_generated_from_a_quantised_file_allocates_nothing()
    {
        string path = Fixtures.Shared("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        AssertNoAllocation(NetworkRun.Load(path), RandomNetworks.Ids(16, 1));
    }

    /// <summary>Runs a prompt and single tokens, and fails unless ten tokens in a row take no memory.</summary>
    private static void AssertNoAllocation(TransformerNetwork network, int[] prompt)
    {
        const int Most = 200;
        ForwardPass<float> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, prompt.Length + Most);
        pass.Run(new ForwardRequest(prompt, 1, prompt.Length) { Cache = cache, Logits = LogitScope.Last });
        int[] token = [1];

        // The runtime takes a little now and then while it compiles code anew; a pass that allocated would do so every time.
        int free = 0;
        for (int i = 0; free < 10 && i < Most; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            pass.Run(new ForwardRequest(token, 1, 1) { Cache = cache, Logits = LogitScope.Last });
            free = GC.GetAllocatedBytesForCurrentThread() == before ? free + 1 : 0;
        }

        Assert.Equal(10, free);
    }

    private static void Threads<T>(string name)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int[][] ids = [RandomNetworks.Ids(Length, 1), RandomNetworks.Ids(Length, 2)];
        (NetworkRun alone, NetworkRun aloneSeen) = Both(1);
        foreach (int threads in new[] { 2, 3, 8 })
        {
            (NetworkRun run, NetworkRun seen) = Both(threads);
            Assert.Equal(alone.Logits, run.Logits);
            Assert.Equal(aloneSeen.Logits, seen.Logits);
            foreach ((string hook, Recorded values) in aloneSeen.Seen)
            {
                Assert.True(values.Values.AsSpan().SequenceEqual(seen.Seen[hook].Values), $"{hook} differs with {threads} threads");
            }
        }

        (NetworkRun Plain, NetworkRun Seen) Both(int threads)
        {
            TransformerNetwork network = RandomNetworks.Create(name, new WorkerPool(threads));
            return (NetworkRun.Of<T>(network, ids), NetworkRun.Of<T>(network, ids, wants: point => !point.Optional));
        }
    }

    private static void Pieces<T>(string name, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        int[] ids = [.. RandomNetworks.Ids(Length, 1), .. RandomNetworks.Ids(Length, 2)];
        int vocabulary = network.Config.Vocabulary;
        double[] whole = NetworkRun.Of<T>(network, [ids[..Length], ids[Length..]]).Logits;
        ForwardPass<T> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<T>(network.Config, 2, Length);
        int start = 0;
        foreach (int count in new[] { 70, 1, 1, 75, 2, 1 })
        {
            int[] piece = [.. ids[start..(start + count)], .. ids[(Length + start)..(Length + start + count)]];
            pass.Run(new ForwardRequest(piece, 2, count) { Cache = cache });
            double[] logits = NetworkRun.ToDoubles(pass.Logits);
            AssertNear(whole.AsSpan(start * vocabulary, count * vocabulary), logits.AsSpan(0, count * vocabulary), tolerance);
            AssertNear(whole.AsSpan((Length + start) * vocabulary, count * vocabulary), logits.AsSpan(count * vocabulary), tolerance);
            start += count;
        }

        Assert.Equal(Length, start);
    }

    private static void AssertNear(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"value {i}: {expected[i]:R} expected, {actual[i]:R} computed");
        }
    }
}
