using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;
using Cutaway.Tensors.Parallel;
using Cutaway.Tests.Models;

namespace Cutaway.Tests.Decoding;

/// <summary>Where texts end, what is told of them while they grow, and what company in a batch must not change.</summary>
public sealed class TextEndTests
{
    private const string Beginning = "When Mary and John went to the store, John gave a drink to";
    private static readonly LanguageModel Fable = LanguageModel.Load("fable");
    private static readonly LanguageModel Random = TestModels.Random();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 6)]
    [InlineData(5, 9)]
    [InlineData(17, 2)]
    public void A_stop_text_cuts_the_text_in_front_of_it_wherever_tokens_end(int start, int length)
    {
        GenerationOptions options = new() { MaxTokens = 30, StopAtEnd = false };
        string free = Fable.Generate(Beginning, options).Text;
        string stop = free.Substring(start, length);
        Generation stopped = Fable.Generate(Beginning, options with { StopTexts = ["#####", stop] });
        Assert.Equal(free[..free.IndexOf(stop, StringComparison.Ordinal)], stopped.Text);
        Assert.Equal(FinishReason.StopText, stopped.Finish);
        Assert.True(stopped.Ids.Count < 30);
        Assert.Contains(stop, Fable.Tokenizer.Decode([.. stopped.Ids], skipSpecialTokens: true), StringComparison.Ordinal);
        Assert.DoesNotContain(stop, Fable.Tokenizer.Decode([.. stopped.Ids.SkipLast(1)], skipSpecialTokens: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_gives_the_whole_text_in_pieces_and_nothing_of_a_stop_text()
    {
        GenerationOptions options = new() { MaxTokens = 40, Temperature = 1, Seed = 3, StopAtEnd = false };
        string whole = Fable.Generate(Beginning, options).Text;
        List<string> pieces = [];
        await foreach (string piece in Fable.Stream(Beginning, options))
        {
            pieces.Add(piece);
        }

        Assert.Equal(whole, string.Concat(pieces));
        Assert.True(pieces.Count > 10, $"{pieces.Count} pieces");
        string stop = whole[20..28];
        pieces.Clear();
        await foreach (string piece in Fable.Stream(Beginning, options with { StopTexts = [stop] }))
        {
            pieces.Add(piece);
        }

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], string.Concat(pieces));
    }

    [Fact]
    public async Task A_stream_that_is_left_ends_the_generation_and_errors_reach_the_reader()
    {
        // Slow enough that the reader is gone long before the end.
        int made = 0;
        GenerationOptions slow = new() { MaxTokens = 110, StopAtEnd = false, OnToken = _ => Thread.Sleep(made++ < 3 ? 0 : 20) };
        await foreach (string piece in Fable.Stream(Beginning, slow))
        {
            break;
        }

        Assert.InRange(made, 1, 109);
        CutawayException error = await Assert.ThrowsAsync<CutawayException>(async () =>
        {
            await foreach (string piece in Fable.Stream(Beginning, new GenerationOptions { TopP = 2 }))
            {
                Assert.Fail(piece);
            }
        });
        Assert.Contains("top-p", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_characters_only_are_told()
    {
        // 'é' and '😀' in two tokens each.
        List<string> told = [];
        TextAssembler assembler = new(new HalfCharacters(), []);
        foreach (int id in (int[])[0, 1, 2, 3, 4, 0, 1])
        {
            assembler.Append(id);
            told.Add(assembler.Take());
        }

        Assert.Equal(["a", "", "é", "", "😀", "a", ""], told);
        Assert.Equal("\uFFFD", assembler.Rest());
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void Each_prompt_of_a_batch_is_continued_as_it_would_be_alone(double temperature)
    {
        Prompt[] prompts = [Prompt.FromIds(3, 7, 11, 2, 9), Prompt.FromIds(4), Prompt.FromIds(8, 8, 1)];
        Generation whole = Random.Generate(prompts[0], new GenerationOptions { MaxTokens = 12, Temperature = temperature, Seed = 40 });
        LanguageModel model = new("ends", Random.Network, new WordTokenizer([.. Enumerable.Range(0, 29).Select(i => $"w{i}")]) { EndOfText = whole.Ids[5] }, Random.DType);
        GenerationOptions options = new() { MaxTokens = 12, Temperature = temperature, TopP = 0.95, NoRepeatNgram = 3, Seed = 40 };
        PlanItem[] plan = [Add.Vector(Site.ResidPost(0).At(-1), Tensor.Vector([.. Enumerable.Range(0, 12).Select(i => Math.Cos(i))])), Scale.By("blocks.1.hook_mlp_out", 1.5)];
        IReadOnlyList<Generation> together = model.Generate(prompts, options, plan);
        for (int i = 0; i < prompts.Length; i++)
        {
            Generation alone = model.Generate(prompts[i], options with { Seed = 40 + i }, plan);
            Assert.Equal(alone.Ids, together[i].Ids);
            Assert.Equal(alone.Finish, together[i].Finish);
            Golden.AssertClose(alone.LogProbabilities, together[i].LogProbabilities, 1e-10, $"prompt {i}");
        }
    }

    [Fact]
    public void A_hook_sees_the_step_and_the_place_in_the_text_behind_padding_too()
    {
        List<(int Sequence, int Step, int Position)> seen = [];
        PlanItem[] plan = [LocalFunction.At(Site.ResidPre(1), (_, at) => seen.Add((at.Sequence, at.Step, at.Position)))];
        Random.Generate([Prompt.FromIds(3, 7, 11), Prompt.FromIds(4)], new GenerationOptions { MaxTokens = 3 }, plan);
        Assert.Equal(
            [(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 0, -2), (1, 0, -1), (1, 0, 0), (0, 1, 3), (1, 1, 1), (0, 2, 4), (1, 2, 2)],
            seen);
    }

    [Fact]
    public void Captures_are_kept_pass_by_pass()
    {
        Generation generation = Random.Generate(Prompt.FromIds(3, 7, 11), new GenerationOptions { MaxTokens = 4 }, [Capture.At(Site.ResidPost(1))]);
        double[] whole = Random.Run(TokenBatch.Single([3, 7, 11, .. generation.Ids.Take(3)]), [Capture.At(Site.ResidPost(1))])[Site.ResidPost(1)].ToDoubles();
        Assert.Equal([36, 12, 12, 12], generation.Captures.Select(pass => pass["blocks.1.hook_resid_post"].Count));
        Golden.AssertClose(whole, [.. generation.Captures.SelectMany(pass => pass["blocks.1.hook_resid_post"].ToDoubles())], 1e-10, "captures");
    }

    [Fact]
    public void Any_number_of_threads_draws_the_same_text()
    {
        GenerationOptions options = new() { MaxTokens = 30, Temperature = 2, TopK = 50, TypicalP = 0.95, Seed = 11, StopAtEnd = false };
        string[] texts = [.. new[] { 1, 2, 3 }.Select(threads => Fable
            .WithNetwork(new Cutaway.Models.Network.TransformerNetwork(Fable.Config, Fable.Network.Weights, new WorkerPool(threads)))
            .Generate(Beginning, options).Text)];
        Assert.Single(texts.Distinct());
        Assert.NotEqual(texts[0], Fable.Generate(Beginning, options with { Seed = 12 }).Text);
    }

    [Fact]
    public void A_constraint_shapes_the_text_and_ends_it()
    {
        GenerationOptions options = new() { MaxTokens = 40, Temperature = 1.5, Constraint = Constraint.FromRegex(" (Mary|John)( and [A-Z][a-z]{1,6}){2}\\.") };
        for (int seed = 0; seed < 5; seed++)
        {
            Generation generation = Fable.Generate(Beginning, options with { Seed = seed });
            Assert.Equal(FinishReason.Complete, generation.Finish);
            Assert.Matches("^ (Mary|John)( and [A-Z][a-z]{1,6}){2}\\.$", generation.Text);
        }

        Generation beam = Fable.Generate(Beginning, options with { Temperature = 0, Strategy = new BeamSearch() });
        Assert.All(beam.Alternatives.Append(beam).Where(text => text.Finish == FinishReason.Complete), text => Assert.Matches("^ (Mary|John)( and [A-Z][a-z]{1,6}){2}\\.$", text.Text));
    }

    [Fact]
    public void A_dead_end_is_an_error_that_names_what_led_there()
    {
        GenerationOptions options = new() { MaxTokens = 4, Constraint = Constraint.FromRegex("\u0416\u0436") };
        Assert.Contains("cannot go on", Assert.Throws<CutawayException>(() => Random.Generate(Prompt.FromIds(1), options)).Message, StringComparison.Ordinal);
        options = new() { MaxTokens = 4, LogitBias = Enumerable.Range(0, 29).ToDictionary(id => id, _ => double.NegativeInfinity) };
        Assert.Contains("no token is left", Assert.Throws<CutawayException>(() => Random.Generate(Prompt.FromIds(1), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_reads_in_both_directions_continues_nothing()
    {
        LanguageModel encoder = TestModels.Random(config => config with { Causal = false });
        Assert.Contains("is an encoder", Assert.Throws<CutawayException>(() => encoder.Generate(Prompt.FromIds(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_draw_depends_on_its_place_alone()
    {
        SeededRandom random = new(77);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(random.NextDouble(), SeededRandom.DoubleAt(77, (ulong)i)));
    }

    [Fact]
    public void At_least_so_many_tokens_come_before_the_end()
    {
        Generation free = Random.Generate(Prompt.FromIds(3, 7, 11), new GenerationOptions { MaxTokens = 6 });
        GenerationOptions options = new() { MaxTokens = 6, StopTokens = [free.Ids[1]] };
        Assert.Equal(free.Ids.Take(free.Ids.ToList().IndexOf(free.Ids[1]) + 1), Random.Generate(Prompt.FromIds(3, 7, 11), options).Ids);
        Assert.DoesNotContain(free.Ids[1], Random.Generate(Prompt.FromIds(3, 7, 11), options with { MinTokens = 5 }).Ids.Take(5));
    }

    [Fact]
    public void A_drawn_token_takes_no_more_memory_the_longer_the_text()
    {
        GenerationOptions options = new()
        {
            Temperature = 1,
            TopK = 400,
            TopP = 0.9,
            MinP = 0.001,
            TypicalP = 0.95,
            EpsilonCutoff = 1e-5,
            EtaCutoff = 1e-4,
            RepetitionPenalty = 1.1,
            PresencePenalty = 0.1,
            FrequencyPenalty = 0.1,
            NoRepeatNgram = 4,
            MinTokens = 20,
            StopAtEnd = false,
            MaxTokens = 60,
        };
        long[] stamps = new long[60];
        int free = 0;
        for (int round = 0; round < 5 && free < 20; round++)
        {
            int at = 0;
            Fable.WithNetwork(new Cutaway.Models.Network.TransformerNetwork(Fable.Config, Fable.Network.Weights, new WorkerPool(1)))
                .Generate(Beginning, options with { OnToken = _ => stamps[at++] = GC.GetAllocatedBytesForCurrentThread() });

            // The runtime takes a little now and then while it compiles code anew.
            free = Enumerable.Range(10, 49).Count(i => stamps[i + 1] == stamps[i]);
        }

        Assert.InRange(free, 20, 49);
    }

    /// <summary>The tokens a, C3, A9, F0 9F, 98 80.</summary>
    private sealed class HalfCharacters : Cutaway.Models.Tokenizers.ITokenizer
    {
        private static readonly byte[][] Bytes = ["a"u8.ToArray(), [0xC3], [0xA9], [0xF0, 0x9F], [0x98, 0x80]];

        public int Count => Bytes.Length;

        public int? BeginOfText => null;

        public int? EndOfText => null;

        public bool AddsBeginOfText => false;

        public IReadOnlyList<Cutaway.Models.Tokenizers.Token> Encode(string text, bool addSpecialTokens = true) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
        {
            List<byte> bytes = [];
            foreach (int id in ids)
            {
                bytes.AddRange(Bytes[id]);
            }

            return System.Text.Encoding.UTF8.GetString([.. bytes]);
        }

        public string TokenText(int id) => Decode([id]);
    }
}
