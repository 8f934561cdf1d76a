using System.Text;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Models.Tokenizers.Words;

namespace Cutaway.Models.Tokenizers;

public sealed class UnigramTests
{
    [Fact]
    public void The_best_of_all_ways_to_cut_a_word_is_found()
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            string?[] tokens = [.. Enumerable.Range(0, 12).Select(_ => Letters(random, random.Next(1, 4))).Distinct()];
            double[] scores = [.. tokens.Select(_ => -random.NextDouble() * 9)];
            Vocabulary vocabulary = new(tokens, "test");
            string word = Letters(random, random.Next(1, 9));
            List<Token> found = [];
            new UnigramModel(vocabulary, scores, "test") { Unknown = 999 }.Encode(new AlignedText(word), found);

            Assert.Equal(word, string.Concat(found.Select(token => word[token.Start..token.End])));
            double unknown = scores.Min() - 10;
            double total = found.Sum(token => token.Id == 999 ? unknown * (token.End - token.Start) : scores[token.Id]);
            Assert.Equal(Best(word, vocabulary, scores, unknown), total, 9);
        }
    }

    [Fact]
    public void What_no_token_covers_is_one_unknown_token_or_its_bytes()
    {
        string?[] tokens = ["<unk>", "a", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        double[] scores = [.. tokens.Select(_ => -1.0)];
        Vocabulary vocabulary = new(tokens, "test");
        List<Token> unknown = [];
        new UnigramModel(vocabulary, scores, "test") { Unknown = 0 }.Encode(new AlignedText("aé𝐀a"), unknown);
        Assert.Equal([new Token(1, 0, 1), new Token(0, 1, 4), new Token(1, 4, 5)], unknown);

        List<Token> bytes = [];
        new UnigramModel(vocabulary, scores, "test") { Bytes = vocabulary.Bytes() }.Encode(new AlignedText("aé𝐀"), bytes);
        Assert.Equal([1, .. Encoding.UTF8.GetBytes("é𝐀").Select(value => value + 2)], bytes.Select(token => token.Id));
        Assert.All(bytes.Skip(1), token => Assert.Equal((1, 4), (token.Start, token.End)));

        CutawayException fault = Assert.Throws<CutawayException>(() => new UnigramModel(vocabulary, scores, "test").Encode(new AlignedText("é"), []));
        Assert.Equal(FaultKind.Input, fault.Kind);
    }

    private static string Letters(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('a' + random.Next(3))));

    private static double Best(string rest, Vocabulary vocabulary, double[] scores, double unknown) => rest.Length == 0 ? 0 : Enumerable.Range(1, rest.Length).Max(length =>
        (vocabulary.Find(rest[..length]) is { } id ? scores[id] : length == 1 ? unknown : double.NegativeInfinity) + Best(rest[length..], vocabulary, scores, unknown));
}
