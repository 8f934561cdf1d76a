using System.Numerics;
using Cutaway.Models.Parity;
using Cutaway.Testing;

namespace Cutaway.Models.Network;

/// <summary>Caches that keep no more than windows show, and prompts read in pieces: the bits of one pass.</summary>
public sealed class KeyValueCacheTests
{
    private const int Length = 45;

    /// <summary>Networks some of whose layers have a window (4 or 5 positions; 20 of the random one), and one that scales by length.</summary>
    public static TheoryData<string> Windowed =>
        ["architectures/gemma2", "architectures/gemma3", "architectures/mistral-sliding", "gemma"];

    /// <summary>All that are read in pieces: of random weights, and one whose rotation depends on the length of the text.</summary>
    public static TheoryData<string> ReadInPieces => ["gpt2", "llama", "gemma", "neox", "architectures/mistral-sliding", "architectures/llama-dynamic"];

    [Theory]
    [MemberData(nameof(Windowed))]
    public void Steps_past_the_window_have_the_bits_of_one_pass(string name)
    {
        Steps<float>(name, [1, 1, 1, 9, 1, 2, 3, 1, 1, 1, 1, 24]);
        Steps<double>(name, [30, 1, 1, 1, 1, 1, 1, 1, 1, 7]);
    }

    [Theory]
    [MemberData(nameof(Windowed))]
    public void A_padded_batch_past_the_window_equals_single_runs(string name)
    {
        TransformerNetwork network = Open(name);
        int[] ids = Ids(network, Length);
        const int padding = 11;
        bool[] mask = [.. Enumerable.Repeat(true, Length), .. Enumerable.Repeat(false, padding), .. Enumerable.Repeat(true, Length - padding)];
        int[] second = [.. new int[padding], .. ids[padding..]];
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 2, Length);
        ForwardPass<double> pass = new(network);
        int start = 0;
        foreach (int count in new[] { 20, 1, 1, 1, 13, 1, 7, 1 })
        {
            pass.Run(new ForwardRequest((int[])[.. ids[start..(start + count)], .. second[start..(start + count)]], 2, count)
            {
                AttentionMask = (bool[])[.. mask[..(start + count)], .. mask[Length..(Length + start + count)]],
                Cache = cache,
                Logits = LogitScope.Last,
            });
            start += count;
        }

        int vocabulary = network.Config.Vocabulary;
        Closeness.Require("first", NetworkRun.Of<double>(network, [ids]).Logits.AsSpan((Length - 1) * vocabulary), pass.Logits[..vocabulary], 1e-11);
        Closeness.Require("second", NetworkRun.Of<double>(network, [ids[padding..]]).Logits.AsSpan((Length - padding - 1) * vocabulary), pass.Logits[vocabulary..], 1e-11);
    }

    [Theory]
    [MemberData(nameof(Windowed))]
    public void Hooks_see_absolute_positions_and_whole_rows_of_patterns(string name)
    {
        TransformerNetwork network = Open(name);
        int[] ids = Ids(network, Length);
        Func<HookPoint, bool> wants = point => !point.Optional && point.Kind != HookKind.UnembedOut;
        NetworkRun whole = NetworkRun.Of<double>(network, [ids], wants: wants);
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 1, Length);
        ForwardPass<double> pass = new(network);
        int start = 0;
        foreach (int count in new[] { 19, 1, 2, 1, 22 })
        {
            HookRecorder<double> recorder = new(network.Hooks, wants);
            pass.Run(new ForwardRequest(ids.AsMemory(start, count), 1, count) { Cache = cache }, recorder);
            int from = start;
            Assert.All(recorder.Past, past => Assert.Equal(from, past));
            foreach (string hook in recorder.Order.Where(hook => network.Hooks.Find(hook)!.Axes[^1] == "key"))
            {
                // [1, head, query, key]: the keys of these steps are the first of the whole text's.
                (Recorded all, Recorded now) = (whole.Seen[hook], recorder.Seen[hook]);
                for (int head = 0; head < now.Shape[1]; head++)
                {
                    for (int query = 0; query < count; query++)
                    {
                        ReadOnlySpan<double> row = now.Values.AsSpan(((head * count) + query) * (start + count), start + count);
                        ReadOnlySpan<double> expected = all.Values.AsSpan(((head * Length) + start + query) * Length, start + count);
                        Closeness.Require($"{hook} at {start + query}", expected, row, 1e-11);
                    }
                }
            }

            start += count;
        }
    }

    [Fact]
    public void A_pattern_changed_within_the_window_acts_as_in_one_pass_and_beyond_it_is_refused()
    {
        TransformerNetwork network = Open("gemma");
        int[] ids = Ids(network, Length);
        string hook = network.Hooks.Find(HookKind.Pattern, 0)!.Name;
        double[] whole = NetworkRun.Of<double>(network, [ids], wants: point => point.Name == hook, edit: (_, shape, values) => Show(shape, values, Length - 1)).Logits;
        ForwardPass<double> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 1, Length);
        pass.Run(new ForwardRequest(ids.AsMemory(0, Length - 1), 1, Length - 1) { Cache = cache });
        HookRecorder<double> within = new(network.Hooks, point => point.Name == hook) { Edit = (_, shape, values) => Show(shape, values, 0) };
        pass.Run(new ForwardRequest(ids.AsMemory(Length - 1, 1), 1, 1) { Cache = cache }, within);
        int vocabulary = network.Config.Vocabulary;
        Closeness.Require("logits", whole.AsSpan((Length - 1) * vocabulary), pass.Logits, 1e-11);

        HookRecorder<double> beyond = new(network.Hooks, point => point.Name == hook) { Edit = (_, _, values) => values[0] = 0.5 };
        cache = KeyValueCache.Create<double>(network.Config, 1, Length);
        pass.Run(new ForwardRequest(ids.AsMemory(0, Length - 1), 1, Length - 1) { Cache = cache });
        CutawayException error = Assert.Throws<CutawayException>(() => pass.Run(new ForwardRequest(ids.AsMemory(Length - 1, 1), 1, 1) { Cache = cache }, beyond));
        Assert.Contains("beyond the window", error.Message, StringComparison.Ordinal);
        Assert.Contains(hook, error.Message, StringComparison.Ordinal);

        // All heads of one query look at a position ten before it.
        void Show(ReadOnlySpan<int> shape, Span<double> values, int query)
        {
            for (int head = 0; head < shape[1]; head++)
            {
                Span<double> row = values.Slice(((head * shape[2]) + query) * shape[3], shape[3]);
                row.Clear();
                row[Length - 11] = 1;
            }
        }
    }

    [Fact]
    public void Memory_is_bounded_by_windows_and_shared_by_heads()
    {
        TransformerNetwork network = Open("gemma");
        NetworkConfig config = network.Config;
        const int capacity = 10_000, batch = 3;
        long perPosition = 2L * config.KeyValueHeads * config.DHead * sizeof(float) * batch;

        // A window of 20 takes 19 positions and an eighth of the window more; the other layer all.
        Assert.Equal(perPosition * (19 + 3 + capacity), KeyValueCache.Create<float>(config, batch, capacity).Bytes);
        Assert.Equal(perPosition * 2 * capacity, KeyValueCache.Create<float>(config, batch, capacity, keepAll: true).Bytes);
        Assert.Equal(perPosition * 2 * 7, KeyValueCache.Create<float>(config, batch, 7).Bytes);
        Assert.Equal(perPosition * (19 + 3 + capacity) / sizeof(float), KeyValueCache.NumbersFor(config, batch, capacity));
        Assert.Equal(perPosition * 2 * capacity / sizeof(float), KeyValueCache.NumbersFor(config, batch, capacity, keepAll: true));
    }

    [Theory]
    [MemberData(nameof(Windowed))]
    public void A_repeated_sequence_goes_on_in_different_ways_and_may_become_another(string name)
    {
        TransformerNetwork network = Open(name);
        int[] ids = Ids(network, Length);
        KeyValueCache alone = KeyValueCache.Create<double>(network.Config, 1, Length);
        ForwardPass<double> pass = new(network);
        pass.Run(new ForwardRequest(ids, 1, Length) { Cache = alone, Logits = LogitScope.None });
        KeyValueCache cache = alone.Repeated<double>(3, Length + 2);
        pass.Run(new ForwardRequest(new[] { 4, 5, 6 }, 3, 1) { Cache = cache });
        cache.CopySequence<double>(2, 0, Length);
        cache.CopySequence<double>(2, 1, 0);
        pass.Run(new ForwardRequest(new[] { 7, 8, 9 }, 3, 1) { Cache = cache });
        double[] expected = NetworkRun.Of<double>(network, [[.. ids, 6, 7], [.. ids, 6, 8], [.. ids, 6, 9]]).Logits;
        int vocabulary = network.Config.Vocabulary;
        for (int i = 0; i < 3; i++)
        {
            Closeness.Require($"sequence {i}", expected.AsSpan((((i + 1) * (Length + 2)) - 1) * vocabulary, vocabulary), pass.Logits.Slice(i * vocabulary, vocabulary), 1e-11);
        }
    }

    [Fact]
    public void A_cache_with_windows_that_a_cancelled_run_left_is_refused()
    {
        TransformerNetwork network = Open("gemma");
        int[] ids = Ids(network, Length);
        KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, Length);
        ForwardPass<float> pass = new(network);
        using CancellationTokenSource source = new();
        HookRecorder<float> cancelling = new(network.Hooks, point => point.Kind == HookKind.ResidPost && point.Layer == 0) { Edit = (_, _, _) => source.Cancel() };
        Assert.ThrowsAny<OperationCanceledException>(() => pass.Run(new ForwardRequest(ids, 1, Length) { Cache = cache }, cancelling, source.Token));
        Assert.Contains("cut short", Assert.Throws<CutawayException>(() => pass.Run(new ForwardRequest(ids, 1, Length) { Cache = cache })).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(ReadInPieces))]
    public void A_prompt_read_in_pieces_has_the_bits_of_one_pass(string name)
    {
        // More keys than a product sums at once, where positions allow.
        TransformerNetwork network = Open(name);
        int length = name.Contains('/', StringComparison.Ordinal) ? Length : network.Config.Positions == PositionKind.Learned ? 250 : 600;
        int[] first = RandomIds(network, length, 1);
        bool[] mask = [.. Enumerable.Repeat(true, length), .. Enumerable.Repeat(false, 17), .. Enumerable.Repeat(true, length - 17)];
        ForwardRequest input = new((int[])[.. first, .. RandomIds(network, length, 2)], 2, length) { AttentionMask = mask, Logits = LogitScope.Last };
        ForwardPass<float> pass = new(network);
        KeyValueCache whole = KeyValueCache.Create<float>(network.Config, 2, length + 1);
        pass.Run(input with { Cache = whole });
        float[] expected = pass.Logits.ToArray();
        foreach (int piece in new[] { 7, 64, 100, length - 1, length })
        {
            KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 2, length + 1);
            List<int> done = [];
            pass.Prefill(input with { Cache = cache }, piece: piece, progress: done.Add);
            Assert.Equal(expected, pass.Logits.ToArray());
            Assert.Equal(length, cache.Length);
            Assert.Equal((length + piece - 1) / piece, done.Count);
            Assert.Equal(length, done[^1]);
        }
    }

    [Fact]
    public void Pieces_are_refused_where_they_cannot_give_what_is_asked_for()
    {
        TransformerNetwork network = Open("llama");
        ForwardPass<float> pass = new(network);
        ForwardRequest input = new(Ids(network, 10), 1, 10) { Cache = KeyValueCache.Create<float>(network.Config, 1, 10) };
        Assert.Throws<ArgumentException>(() => pass.Prefill(input, piece: 3));
        Assert.Throws<ArgumentException>(() => pass.Prefill(input with { Cache = null, Logits = LogitScope.Last }, piece: 3));
        bool[] right = [.. Enumerable.Repeat(true, 6), .. new bool[4]];
        Assert.Contains("pad on the left", Assert.Throws<CutawayException>(() => pass.Prefill(input with { AttentionMask = right, Logits = LogitScope.Last }, piece: 3)).Message, StringComparison.Ordinal);
        Assert.Equal(0, input.Cache.Length);
    }

    [Fact]
    public void Reading_in_pieces_can_be_cancelled()
    {
        TransformerNetwork network = Open("llama");
        using CancellationTokenSource source = new();
        KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, 30);
        ForwardRequest input = new(Ids(network, 30), 1, 30) { Cache = cache, Logits = LogitScope.Last };
        ForwardPass<float> pass = new(network);
        Assert.ThrowsAny<OperationCanceledException>(() => pass.Prefill(input, piece: 10, progress: _ => source.Cancel(), cancellation: source.Token));
        Assert.Equal(10, cache.Length);
    }

    private static void Steps<T>(string name, int[] counts)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TransformerNetwork network = Open(name);
        int[] ids = Ids(network, counts.Sum());
        ForwardPass<T> pass = new(network);
        pass.Run(new ForwardRequest(ids, 1, ids.Length));
        T[] whole = pass.Logits.ToArray();
        KeyValueCache cache = KeyValueCache.Create<T>(network.Config, 1, ids.Length);
        Assert.True(cache.Bytes < KeyValueCache.Create<T>(network.Config, 1, ids.Length, keepAll: true).Bytes, "no layer has a window");
        int start = 0;
        foreach (int count in counts)
        {
            pass.Run(new ForwardRequest(ids.AsMemory(start, count), 1, count) { Cache = cache });
            int vocabulary = network.Config.Vocabulary;
            Assert.Equal(whole.AsSpan(start * vocabulary, count * vocabulary).ToArray(), pass.Logits.ToArray());
            start += count;
        }
    }

    private static TransformerNetwork Open(string name) =>
        !name.Contains('/', StringComparison.Ordinal) ? RandomNetworks.Create(name)
        : name.EndsWith("llama-dynamic", StringComparison.Ordinal) ? NetworkRun.Load(Fixtures.Shared("goldens", "architectures", "llama-dynamic"))
        : Families.Open(name);

    private static int[] Ids(TransformerNetwork network, int count) => RandomIds(network, count, 3);

    private static int[] RandomIds(TransformerNetwork network, int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(network.Config.Vocabulary))];
    }
}
