namespace Cutaway.Organisms;

/// <summary>A term of a head's scores: <c>strength · (Map · query part) · key part</c>.</summary>
/// <param name="Query">What the query reads.</param>
/// <param name="Key">What the key reads, of the same width.</param>
/// <param name="Strength">Factor on the product.</param>
/// <param name="Map">[width, width], or null for the identity.</param>
internal sealed record Match(Subspace Query, Subspace Key, double Strength, double[,]? Map = null);

/// <summary>A term of a head's output: what is read where it attends is added where it stands.</summary>
/// <param name="From">What the value reads.</param>
/// <param name="To">Where it is written, of the same width.</param>
/// <param name="Strength">Factor.</param>
internal sealed record Copy(Subspace From, Subspace To, double Strength);

/// <summary>An attention head put together from terms that do not share coordinates of the head, so that each acts as if alone.</summary>
/// <param name="Role">What it is for, in a word or two.</param>
/// <param name="Description">What it does.</param>
/// <param name="Circuits">The circuits it is part of; none for an idle head.</param>
/// <param name="Matches">Terms of its scores.</param>
/// <param name="Copies">Terms of its output.</param>
internal sealed record HeadWiring(
    string Role, string Description, IReadOnlyList<string> Circuits, IReadOnlyList<Match> Matches, IReadOnlyList<Copy> Copies)
{
    /// <summary>The least width of a head that holds it.</summary>
    public int Width => Math.Max(Matches.Sum(match => match.Key.Width), Copies.Sum(copy => copy.From.Width));

    /// <summary>Writes the head's weights.</summary>
    /// <param name="query">[d_model, d_head]</param>
    /// <param name="key">[d_model, d_head]</param>
    /// <param name="value">[d_model, d_head]</param>
    /// <param name="output">[d_head, d_model]</param>
    /// <param name="dModel">Width of the residual stream.</param>
    /// <param name="dHead">Width of the head.</param>
    public void Write(Span<double> query, Span<double> key, Span<double> value, Span<double> output, int dModel, int dHead)
    {
        int at = 0;
        foreach (Match match in Matches)
        {
            for (int row = 0; row < match.Key.Width; row++, at++)
            {
                key[((match.Key.Start + row) * dHead) + at] = 1;
                for (int column = 0; column < match.Query.Width; column++)
                {
                    double map = match.Map?[row, column] ?? (row == column ? 1 : 0);
                    query[((match.Query.Start + column) * dHead) + at] = match.Strength * map;
                }
            }
        }

        at = 0;
        foreach (Copy copy in Copies)
        {
            for (int row = 0; row < copy.From.Width; row++, at++)
            {
                value[((copy.From.Start + row) * dHead) + at] = 1;
                output[(at * dModel) + copy.To.Start + row] = copy.Strength;
            }
        }
    }
}
