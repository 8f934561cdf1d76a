namespace Cutaway.Organisms;

public sealed class CodesTests
{
    [Fact]
    public void Identities_are_unit_vectors_of_mutually_unbiased_bases()
    {
        double[][][] bases = [.. Enumerable.Range(0, IdentityCodes.Bases).Select(basis => Enumerable.Range(0, IdentityCodes.Width).Select(index => IdentityCodes.Code(basis, index)).ToArray())];
        for (int a = 0; a < bases.Length; a++)
        {
            for (int b = 0; b < bases.Length; b++)
            {
                for (int i = 0; i < IdentityCodes.Width; i++)
                {
                    for (int j = 0; j < IdentityCodes.Width; j++)
                    {
                        double expected = a != b ? 0.25 : i == j ? 1 : 0;
                        Assert.Equal(expected, Math.Abs(Dot(bases[a][i], bases[b][j])));
                    }
                }
            }
        }
    }

    [Fact]
    public void Clocks_tell_positions_apart_and_step_back()
    {
        double[,] back = PositionClocks.StepBack();
        for (int p = 0; p < PositionClocks.Context; p++)
        {
            double[] code = PositionClocks.Code(p);
            Assert.Equal(1, Dot(code, code), 1e-12);
            for (int q = 0; q < p; q++)
            {
                Assert.InRange(Dot(code, PositionClocks.Code(q)), -0.74, 0.45);
            }

            if (p > 0)
            {
                double[] before = PositionClocks.Code(p - 1);
                for (int i = 0; i < PositionClocks.Width; i++)
                {
                    Assert.Equal(before[i], Enumerable.Range(0, PositionClocks.Width).Sum(j => back[i, j] * code[j]), 1e-12);
                }
            }
        }
    }

    [Fact]
    public void No_two_words_share_an_identity()
    {
        WiredToken[] words = [.. WiredVocabulary.Tokens.Skip(2).Where(token => !token.Initial)];
        Assert.Equal(words.Length, words.Select(word => string.Join(',', word.Code)).Distinct().Count());
        Assert.Equal(WiredVocabulary.Tokens.Count, WiredVocabulary.Tokens.Select(token => token.Text).Distinct().Count());
        Assert.All(
            WiredVocabulary.Tokens.Where(token => token.Initial),
            token => Assert.Equal(WiredVocabulary.Tokens[WiredVocabulary.Id($" {token.Text}")].Code, token.Code));
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
