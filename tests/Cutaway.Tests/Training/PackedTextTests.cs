using Cutaway.Training;

namespace Cutaway.Tests.Training;

public class PackedTextTests
{
    [Fact]
    public void A_pass_reads_every_row_once_in_an_order_of_its_own()
    {
        PackedText text = new([.. Enumerable.Range(0, 91)], 10, seed: 5);
        Assert.Equal(10, text.Rows);
        int[][] passes = [.. Enumerable.Range(0, 3).Select(pass => Enumerable.Range(0, 10).Select(row => Row(text, (pass * 10) + row)[0]).ToArray())];
        int[] whole = [.. Enumerable.Range(0, 10).Select(row => row * 9)];
        Assert.All(passes, pass => Assert.Equal(whole, pass.Order()));
        Assert.NotEqual(passes[0], passes[1]);
        Assert.NotEqual(passes[1], passes[2]);
        Assert.NotEqual(whole, passes[0]);
    }

    [Fact]
    public void A_row_depends_on_its_number_alone()
    {
        PackedText straight = new([.. Enumerable.Range(0, 91)], 10, seed: 5);
        int[][] rows = [.. Enumerable.Range(0, 40).Select(row => Row(straight, row))];
        PackedText jumping = new([.. Enumerable.Range(0, 91)], 10, seed: 5);
        foreach (int row in (int[])[37, 2, 25, 14, 3])
        {
            Assert.Equal(rows[row], Row(jumping, row));
        }
    }

    [Fact]
    public void Rows_are_contiguous()
    {
        PackedText text = new([.. Enumerable.Range(0, 91)], 10, seed: 5);
        int[] row = Row(text, 4);
        Assert.Equal(Enumerable.Range(row[0], 10), row);
    }

    private static int[] Row(PackedText text, int row)
    {
        int[] ids = new int[10];
        text.Fill(row, ids);
        return ids;
    }
}
