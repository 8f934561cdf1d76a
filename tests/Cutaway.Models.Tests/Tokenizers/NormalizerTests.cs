using System.Globalization;
using System.Text;
using Cutaway.Models.Tokenizers.Steps;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers;

public sealed class NormalizerTests
{
    [Theory]
    [InlineData(NormalizationForm.FormC, 1)]
    [InlineData(NormalizationForm.FormD, 2)]
    [InlineData(NormalizationForm.FormKC, 3)]
    [InlineData(NormalizationForm.FormKD, 4)]
    public void Normal_forms_pass_the_tests_of_the_standard(NormalizationForm form, int column)
    {
        Normalizer normalizer = UnicodeForms.Normalizer(form);
        string[] lines = [.. File.ReadLines(Fixtures.Golden("unicode", "NormalizationTest.txt")).Where(line => !line.StartsWith('@'))];
        Assert.True(lines.Length > 800);
        foreach (string line in lines)
        {
            string[] columns = [.. line.Split(';').Take(5).Select(Text)];
            Assert.Equal(columns[column], normalizer(new AlignedText(columns[0])).Span.ToString());
            Assert.Equal(columns[column], normalizer(new AlignedText(columns[column])).Span.ToString());
        }
    }

    [Fact]
    public void Composed_characters_come_from_the_first_of_their_parts()
    {
        AlignedText text = UnicodeForms.Normalizer(NormalizationForm.FormC)(new AlignedText("xe\u0301y"));
        Assert.Equal("xéy", text.Span.ToString());
        Assert.Equal([(0, 1), (1, 2), (3, 4)], Origins(text));
    }

    [Fact]
    public void Parts_come_from_the_character_that_was_taken_apart()
    {
        AlignedText text = UnicodeForms.Normalizer(NormalizationForm.FormKD)(new AlignedText("aﬁ½b"));
        Assert.Equal("afi1⁄2b", text.Span.ToString());
        Assert.Equal([(0, 1), (1, 2), (1, 2), (2, 3), (2, 3), (2, 3), (3, 4)], Origins(text));
    }

    [Fact]
    public void Case_is_lowered_whatever_the_language()
    {
        AlignedText text = Normalizers.Lowercase(new AlignedText("IİẞΣ𐐀"));
        Assert.Equal("ii\u0307ßσ𐐨", text.Span.ToString());
        Assert.Equal((1, 2), text.Origin(2, 3));
        Assert.Equal((4, 6), text.Origin(5, 7));
    }

    [Fact]
    public void Accents_white_space_and_replacements_keep_their_places()
    {
        Assert.Equal([(0, 1), (2, 3)], Origins(Normalizers.StripAccents(new AlignedText("e\u0301a"))));
        Assert.Equal([(2, 3)], Origins(Normalizers.Strip(left: true, right: true)(new AlignedText("  a "))));
        AlignedText replaced = Normalizers.Replace(new AlignedText("a  b"), TextPatterns.Regex(" {2,}", "test"), "__");
        Assert.Equal("a__b", replaced.Span.ToString());
        Assert.Equal([(0, 1), (2, 3), (2, 3), (3, 4)], Origins(replaced));
        Assert.Equal([(0, 2), (0, 2), (0, 2)], Origins(Normalizers.Prepend(new AlignedText("🙂"), "▁")));
    }

    private static (int Start, int End)[] Origins(AlignedText text) => [.. Enumerable.Range(0, text.Length).Select(i => text.Origin(i, i + 1))];

    private static string Text(string points) =>
        string.Concat(points.Split(' ').Select(point => char.ConvertFromUtf32(int.Parse(point, NumberStyles.HexNumber, CultureInfo.InvariantCulture))));
}
