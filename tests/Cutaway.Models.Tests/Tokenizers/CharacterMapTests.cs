using System.Buffers.Binary;
using System.Text;
using Cutaway.Models.Formats;
using Cutaway.Models.Tokenizers.Steps;

namespace Cutaway.Models.Tokenizers;

public sealed class CharacterMapTests
{
    private static readonly (string From, string To)[] Rules =
        [("\t", " "), ("\u200B", ""), ("ﬁ", "fi"), ("½", "1⁄2"), ("e\u0301", "é"), ("a", "A"), ("a\u0302", "â"), ("𝐀", "A"), ("\r\n", " ")];

    [Theory]
    [InlineData("plain text", "plAin text")]
    [InlineData("x\u200By\tz", "xy z")]
    [InlineData("ﬁne ½", "fine 1⁄2")]
    [InlineData("cafe\u0301", "cAfé")]
    [InlineData("𝐀𝐁", "A𝐁")]
    [InlineData("a\r\nb", "A b")]
    [InlineData("", "")]
    // The shortest rule counts, also where a longer one would fit: so it is in the reference.
    [InlineData("a\u0302", "A")]
    // A cluster too long to be looked up is taken character by character.
    [InlineData("a\u0302\u0302\u0302", "A\u0302\u0302\u0302")]
    public void Rules_are_found_in_the_double_array(string text, string expected) =>
        Assert.Equal(expected, CharacterMap.Read(Compile(Rules), "test").Normalize(new AlignedText(text)).Span.ToString());

    [Fact]
    public void Replacements_come_from_all_that_they_replace()
    {
        AlignedText text = CharacterMap.Read(Compile(Rules), "test").Normalize(new AlignedText("x½e\u0301"));
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (2, 4)], Enumerable.Range(0, text.Length).Select(i => text.Origin(i, i + 1)));
    }

    [Fact]
    public void Damaged_rules_are_refused_or_find_nothing()
    {
        byte[] good = Compile(Rules);
        Assert.Throws<CutawayException>(() => CharacterMap.Read(good.AsSpan(0, 3), "test"));
        Assert.Throws<CutawayException>(() => CharacterMap.Read(good.AsSpan(0, 40), "test"));
        Random random = new(5);
        for (int round = 0; round < 500; round++)
        {
            byte[] damaged = [.. good];
            for (int i = 0; i < 20; i++)
            {
                damaged[random.Next(4, damaged.Length)] = (byte)random.Next(256);
            }

            // Whatever it makes of it, it ends, and within the arrays.
            CharacterMap.Read(damaged, "test").Normalize(new AlignedText("a\t½ﬁe\u0301𝐀"));
        }
    }

    [Fact]
    public void A_tokenizer_uses_the_rules_in_its_file()
    {
        using TemporaryFolder folder = new();
        folder.Write("tokenizer.json", $$"""
            {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁", -2], ["fi", -1], ["ne", -1]]},
             "normalizer": {"type": "Precompiled", "precompiled_charsmap": "{{Convert.ToBase64String(Compile(Rules))}}"},
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"} }
            """);
        Assert.Equal([new Token(1, 0, 1), new Token(2, 0, 1), new Token(3, 1, 3)], TokenizerLoader.FromFolder(folder.Path).Encode("ﬁne"));
    }

    /// <summary>Writes rules as SentencePiece does; nodes are placed at the first base, none twice, where all their children fit.</summary>
    internal static byte[] Compile((string From, string To)[] rules)
    {
        List<byte> texts = [];
        List<(byte[] Key, int Value)> keys = [];
        foreach ((string from, string to) in rules)
        {
            keys.Add((Encoding.UTF8.GetBytes(from), texts.Count));
            texts.AddRange(Encoding.UTF8.GetBytes(to + "\0"));
        }

        uint[] units = new uint[4096];
        Place(units, [0], [], 0, 0, keys);
        byte[] data = new byte[4 + (4 * units.Length) + texts.Count];
        BinaryPrimitives.WriteInt32LittleEndian(data, 4 * units.Length);
        for (int i = 0; i < units.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4 + (4 * i)), units[i]);
        }

        texts.CopyTo(data, 4 + (4 * units.Length));
        return data;
    }

    private static void Place(uint[] units, HashSet<int> used, HashSet<int> bases, int node, int depth, List<(byte[] Key, int Value)> keys)
    {
        int[] labels = [.. keys.Select(key => key.Key.Length == depth ? 0 : key.Key[depth]).Distinct()];
        int start = Enumerable.Range(1, 3000).First(start => !bases.Contains(start) && labels.All(label => !used.Contains(start ^ label)));
        bases.Add(start);
        used.UnionWith(labels.Select(label => start ^ label));
        units[node] |= (uint)(node ^ start) << 10;
        foreach (int label in labels)
        {
            List<(byte[] Key, int Value)> below = keys.FindAll(key => key.Key.Length > depth && label != 0 && key.Key[depth] == label);
            if (label == 0)
            {
                units[node] |= 0x100;
                units[start] = 0x8000_0000 | (uint)keys.Find(key => key.Key.Length == depth).Value;
            }
            else
            {
                units[start ^ label] |= (uint)label;
                Place(units, used, bases, start ^ label, depth + 1, below);
            }
        }
    }
}
