using Cutaway.Models.Parity;

namespace Cutaway.Models.Network;

/// <summary>The same text gives the same numbers however it is batched, padded, or cut into steps.</summary>
public sealed class CacheAndBatchTests
{
    private const double Tolerance = 1e-11;

    public static TheoryData<string> All => Families.All;

    [Fact]
    public void A_cache_of_more_numbers_than_can_be_counted_is_refused()
    {
        NetworkConfig config = Families.Open("architectures/gpt2").Config;
        CutawayException error = Assert.Throws<CutawayException>(() => KeyValueCache.Create<float>(config, 1 << 20, 1 << 20));
        Assert.Contains("numbers are needed in one place", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Steps_through_the_cache_equal_one_pass(string family)
    {
        TransformerNetwork network = Families.Open(family);
        int[] ids = Families.Ids;
        NetworkRun whole = NetworkRun.Of<double>(network, [ids], wants: Plain);
        ForwardPass<double> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 1, ids.Length + 3);
        int start = 0;
        foreach (int length in (ReadOnlySpan<int>)[4, 1, 3, 1, 1])
        {
            HookRecorder<double> recorder = new(network.Hooks, Plain);
            pass.Run(new ForwardRequest(ids.AsMemory(start, length), 1, length) { Cache = cache }, recorder);
            (int from, int to) = (start, start + length);
            Closeness.Require(recorder.Order.Select(name => Closeness.Difference(
                $"{name} at {from}", PositionsOf(network.Hooks.Find(name)!, whole.Seen[name], from, to), recorder.Seen[name].Values, Tolerance)));
            Closeness.Require("logits", whole.Logits.AsSpan(start * network.Config.Vocabulary, length * network.Config.Vocabulary), pass.Logits, Tolerance);
            Assert.All(recorder.Past, past => Assert.Equal(from, past));
            start += length;
            Assert.Equal(start, cache.Length);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_padded_batch_through_the_cache_equals_single_runs(string family)
    {
        TransformerNetwork network = Families.Open(family);
        int[] ids = Families.Ids;
        (int length, int short1) = (ids.Length, ids.Length - 4);
        bool[] mask = [.. Enumerable.Repeat(true, length), .. Enumerable.Repeat(false, 4), .. Enumerable.Repeat(true, short1)];
        int[] second = [0, 0, 0, 0, .. ids[..short1]];
        ForwardPass<double> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<double>(network.Config, 2, length);
        int first = length - 2;
        pass.Run(Request(0, first));
        pass.Run(Request(first, length));
        double[] logits = pass.Logits.ToArray();
        int vocabulary = network.Config.Vocabulary;
        Closeness.Require("first", NetworkRun.Of<double>(network, [ids]).Logits.AsSpan(first * vocabulary), logits.AsSpan(0, 2 * vocabulary), Tolerance);
        Closeness.Require("second", NetworkRun.Of<double>(network, [ids[..short1]]).Logits.AsSpan((short1 - 2) * vocabulary), logits.AsSpan(2 * vocabulary), Tolerance);

        ForwardRequest Request(int from, int to) => new((int[])[.. ids[from..to], .. second[from..to]], 2, to - from)
        {
            AttentionMask = (bool[])[.. mask[..to], .. mask[length..(length + to)]],
            Cache = cache,
        };
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Left_padding_right_padding_and_no_padding_agree(string family)
    {
        TransformerNetwork network = Families.Open(family);
        int[] ids = Families.Ids;
        int[] other = [.. ids.Reverse(), 4, 11, 12];
        bool[] real = [.. Enumerable.Repeat(true, ids.Length)];
        bool[] full = [.. Enumerable.Repeat(true, other.Length)];
        NetworkRun alone = NetworkRun.Of<double>(network, [ids], wants: Plain);
        NetworkRun otherAlone = NetworkRun.Of<double>(network, [other]);
        NetworkRun left = NetworkRun.Of<double>(network, [[0, 0, 0, .. ids], other], [[false, false, false, .. real], full], Plain);
        NetworkRun right = NetworkRun.Of<double>(network, [[.. ids, 0, 0, 0], other], [[.. real, false, false, false], full], Plain);
        Compare(left, 3);
        Compare(right, 0);

        void Compare(NetworkRun batch, int start)
        {
            int vocabulary = network.Config.Vocabulary;
            Closeness.Require("logits", alone.Logits, batch.Logits.AsSpan(start * vocabulary, ids.Length * vocabulary), Tolerance);
            Closeness.Require("the other row's logits", otherAlone.Logits, batch.Logits.AsSpan(other.Length * vocabulary), Tolerance);

            // Squares have a key axis of another length, so they are compared by the tests of patterns.
            Closeness.Require(alone.Order.Where(name => network.Hooks.Find(name)!.Axes[^1] != "key").Select(name =>
            {
                HookPoint point = network.Hooks.Find(name)!;
                double[] row = batch.Seen[name].Values[..(batch.Seen[name].Values.Length / 2)];
                Recorded one = new([1, .. batch.Seen[name].Shape[1..]], row);
                return Closeness.Difference(name, alone.Seen[name].Values, PositionsOf(point, one, start, start + ids.Length), Tolerance);
            }));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Last_logits_are_those_of_the_last_real_position(string family)
    {
        TransformerNetwork network = Families.Open(family);
        int[][] batch = [[1, 2, 3, 4, 5], [6, 7, 8, 0, 0], [0, 9, 10, 11, 12]];
        bool[] mask = [true, true, true, true, true, true, true, true, false, false, false, true, true, true, true];
        int vocabulary = network.Config.Vocabulary;
        ForwardPass<double> pass = new(network);
        ForwardRequest request = new(batch.SelectMany(row => row).ToArray(), 3, 5) { AttentionMask = mask };
        pass.Run(request);
        double[] all = pass.Logits.ToArray();
        double[] expected = [.. new[] { 4, 7, 14 }.SelectMany(row => all[(row * vocabulary)..((row + 1) * vocabulary)])];
        pass.Run(request with { Logits = LogitScope.Last });
        Closeness.Require("last", expected, pass.Logits, Tolerance);

        // A hook on the final norm makes the pass take another way.
        pass.Run(request with { Logits = LogitScope.Last }, new HookRecorder<double>(network.Hooks, point => point.Kind == HookKind.UnembedIn));
        Closeness.Require("last, observed", expected, pass.Logits, Tolerance);
        pass.Run(request with { Logits = LogitScope.Last }, new HookRecorder<double>(network.Hooks, point => point.Kind == HookKind.UnembedOut));
        Closeness.Require("last, logits observed", expected, pass.Logits, Tolerance);
    }

    [Fact]
    public void A_cache_that_is_full_or_of_another_batch_is_refused()
    {
        TransformerNetwork network = Families.Open("architectures/llama3-gqa-tied");
        ForwardPass<float> pass = new(network);
        KeyValueCache cache = KeyValueCache.Create<float>(network.Config, 1, 3);
        pass.Run(new ForwardRequest(new[] { 1, 2 }, 1, 2) { Cache = cache });
        Assert.Equal(FaultKind.Input, Assert.Throws<CutawayException>(() => pass.Run(new ForwardRequest(new[] { 3, 4 }, 1, 2) { Cache = cache })).Kind);
        Assert.Equal(FaultKind.Input, Assert.Throws<CutawayException>(() => pass.Run(new ForwardRequest(new[] { 3, 4 }, 2, 1) { Cache = cache })).Kind);
        Assert.Equal(2, cache.Length);
    }

    [Fact]
    public void Dynamic_scaling_counts_real_positions_only()
    {
        TransformerNetwork network = Families.Open("architectures/llama-dynamic");
        int[] ids = [.. Families.Ids, .. Families.Ids, .. Families.Ids];
        bool[] mask = [false, false, false, .. ids.Select(_ => true)];
        NetworkRun alone = NetworkRun.Of<double>(network, [ids]);
        NetworkRun padded = NetworkRun.Of<double>(network, [[0, 0, 0, .. ids]], [mask]);
        Closeness.Require("logits", alone.Logits, padded.Logits.AsSpan(3 * network.Config.Vocabulary), Tolerance);
    }

    private static bool Plain(HookPoint point) => !point.Optional && point.Kind != HookKind.UnembedOut;

    /// <summary>Positions [from, to) of a recorded activation of one sequence; of squares, the keys that those queries can see.</summary>
    private static double[] PositionsOf(HookPoint point, Recorded recorded, int from, int to)
    {
        int[] shape = recorded.Shape;
        if (point.PositionAxis == 1)
        {
            int width = recorded.Values.Length / shape[1];
            return recorded.Values[(from * width)..(to * width)];
        }

        (int heads, int length) = (shape[1], shape[2]);
        return
        [
            .. Enumerable.Range(0, heads).SelectMany(head => Enumerable.Range(from, to - from).SelectMany(query =>
                recorded.Values[(((head * length) + query) * length)..((((head * length) + query) * length) + to)])),
        ];
    }
}
