using System.Text;
using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Reading;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class VocabularyFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_list_of_words_is_BERTs()
    {
        using JsonDocument json = Golden("wordpiece");
        folder.Write("vocab.txt", string.Join('\n', json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(token => token.Value.GetInt32()).Select(token => token.Name)) + "\n");
        Check("wordpiece");
    }

    [Theory]
    [InlineData("bpe-gpt2", """ "tokenizer_class": "GPT2Tokenizer" """)]
    [InlineData("bpe-gpt2", "")]
    [InlineData("bpe-qwen2", """ "tokenizer_class": "Qwen2TokenizerFast" """)]
    [InlineData("bpe-roberta", """ "tokenizer_class": "RobertaTokenizer", "add_prefix_space": true, "cls_token": "<|im_start|>", "sep_token": {"content": "<|im_end|>"} """)]
    public void Tokens_and_merges_are_those_of_the_class(string golden, string config)
    {
        using JsonDocument json = Golden(golden);
        JsonElement model = json.RootElement.GetProperty("model");
        string added = string.Join(", ", json.RootElement.GetProperty("added_tokens").EnumerateArray().Select(token => $"\"{token.GetProperty("id")}\": {token}"));
        folder.Write("vocab.json", model.GetProperty("vocab").GetRawText());
        folder.Write("merges.txt", "#version: 0.2\n" + string.Join('\n', model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}")) + "\n");
        folder.Write("tokenizer_config.json", "{" + (config.Length > 0 ? config + "," : "") + "\"added_tokens_decoder\": {" + added + "}}");
        Check(golden);
    }

    [Fact]
    public void A_model_of_SentencePiece_gives_the_ids_of_its_tokenizer_json()
    {
        using JsonDocument json = Golden("unigram");
        (string Token, float Score)[] pieces = [.. json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateArray().Select(entry => (entry[0].GetString()!, entry[1].GetSingle()))];
        folder.Write("tokenizer.model", Model(pieces, kind: 1));
        folder.Write("tokenizer_config.json", """{"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "added_tokens_decoder": {"1500": {"content": "<extra_id_0>", "special": true}}}""");
        ITokenizer tokenizer = TokenizerLoader.FromFolder(folder.Path);
        ITokenizer reference = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", "unigram"));
        foreach (string text in new[] { "Hello, world!", "the quick  brown ﬁx", "привет мир", "</s>", "日本語 and", "x" })
        {
            Assert.Equal(reference.Encode(text.Replace("ﬁ", "fi", StringComparison.Ordinal)).Select(token => token.Id), tokenizer.Encode(text).Select(token => token.Id));
        }

        Assert.Equal((1501, 1, "<extra_id_0>"), (tokenizer.Count, tokenizer.EndOfText, tokenizer.TokenText(1500)));
        Assert.Equal([1500, 1], tokenizer.Encode("<extra_id_0>").Select(token => token.Id));
    }

    [Fact]
    public void Damaged_and_unknown_files_are_refused_with_the_cause()
    {
        byte[] good = Model([("<unk>", 0), ("a", -1)], kind: 1);
        Refused(good[..^1], "damaged");
        Refused(Model([("a", 0)], kind: 3), "of the kind 3");
        Refused([], "0 tokens");
        Refused([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "damaged");
        folder.Write("tokenizer_config.json", """{"tokenizer_class": "XLMRobertaTokenizer"}""");
        Refused(good, "XLMRoberta");
    }

    [Fact]
    public void Damaged_models_of_SentencePiece_are_read_or_refused()
    {
        byte[] good = Model([("<unk>", 0), ("</s>", 0), ("a", -1), ("▁", -2), ("▁ab", -3)], kind: 1);
        Random random = new(4);
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = good[..random.Next(good.Length / 2, good.Length + 1)];
            for (int i = random.Next(4); i >= 0; i--)
            {
                damaged[random.Next(Math.Min(damaged.Length, 120))] = (byte)random.Next(256);
            }

            try
            {
                SentencePieceFile.Parse(damaged, "test").Build().Encode("ab a ﬁ\t");
            }
            catch (CutawayException)
            {
                // Refused with a message.
            }
        }
    }

    private static JsonDocument Golden(string name) => JsonDocument.Parse(File.ReadAllBytes(Fixtures.Golden("tokenizers", name, "tokenizer.json")));

    private static byte[] Model((string Token, float Score)[] pieces, long kind)
    {
        List<byte> file = [];
        for (int id = 0; id < pieces.Length; id++)
        {
            byte[] text = Encoding.UTF8.GetBytes(pieces[id].Token);
            byte type = (byte)(pieces[id].Token switch { "<unk>" => 2, ['<', ..] => 3, _ => 1 });
            Message(file, 1, [0x0A, (byte)text.Length, .. text, 0x15, .. BitConverter.GetBytes(pieces[id].Score), 0x18, type]);
        }

        // The kind of model; the ids of the unknown token (40) and of the end of a text (42); no begin (41: -1). Fields that are not asked for are passed over.
        int unknown = Array.FindIndex(pieces, piece => piece.Token == "<unk>");
        Message(file, 2, [0x18, (byte)kind, 0xC0, 0x02, (byte)Math.Max(0, unknown), 0xC8, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0xD0, 0x02, 0x01, 0x09, 1, 2, 3, 4, 5, 6, 7, 8]);
        byte[] rules = CharacterMapTests.Compile([("\t", " "), ("ﬁ", "fi")]);
        List<byte> normalizer = [];
        Message(normalizer, 2, rules);
        Message(file, 3, [.. normalizer]);
        return [.. file];
    }

    private static void Message(List<byte> file, int field, byte[] content)
    {
        file.Add((byte)((field << 3) | 2));
        for (int length = content.Length; ; length >>= 7)
        {
            file.Add((byte)(length < 0x80 ? length : (length & 0x7F) | 0x80));
            if (length < 0x80)
            {
                break;
            }
        }

        file.AddRange(content);
    }

    private void Check(string golden) => GoldenStrings.Check(TokenizerLoader.FromFolder(folder.Path), Fixtures.Golden("tokenizers", golden, "golden.json"));

    private void Refused(byte[] model, string cause)
    {
        folder.Write("tokenizer.model", model);
        CutawayException fault = Assert.Throws<CutawayException>(() => TokenizerLoader.FromFolder(folder.Path));
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
    }
}
