using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Takes the tensors of a checkpoint by name, checking each shape against what the configuration asks for, and keeps count
/// of what was taken so that nothing in the file is passed over silently.
/// </summary>
/// <param name="source">The tensors.</param>
/// <param name="where">The file or folder, for messages.</param>
internal sealed class WeightReader(ITensorSource source, string where)
{
    private const int NamesShown = 6;

    private readonly HashSet<string> taken = [];

    /// <summary>The values of a tensor that is taken as a vector.</summary>
    public Func<StoredTensor, double[]> Values { get; init; } = tensor => tensor.ToDoubles();

    /// <summary>Whether a tensor exists.</summary>
    public bool Has(string name) => source.Tensors.ContainsKey(name);

    /// <summary>A tensor of exactly this shape.</summary>
    /// <exception cref="CutawayException">It is missing or has another shape.</exception>
    public StoredTensor Take(string name, params ReadOnlySpan<int> shape)
    {
        if (!source.Tensors.TryGetValue(name, out StoredTensor? tensor))
        {
            throw CutawayException.Model($"tensor '{name}' is missing in {where}{NearNames.Suggest(name, source.Tensors.Keys)}");
        }

        bool fits = tensor.Shape.Count == shape.Length;
        for (int axis = 0; fits && axis < shape.Length; axis++)
        {
            fits = tensor.Shape[axis] == shape[axis];
        }

        if (!fits)
        {
            throw CutawayException.Model(
                $"tensor '{name}' in {tensor.Source} has shape {Quote.Shape(tensor.Shape)}; the configuration asks for [{string.Join(", ", shape.ToArray())}]");
        }

        taken.Add(name);
        return tensor;
    }

    /// <summary>A weight seen as [rows, columns]; with <paramref name="transposed"/> the file holds [columns, rows].</summary>
    public WeightMatrix Matrix(string name, int rows, int columns, bool transposed = false) =>
        (transposed ? Take(name, columns, rows) : Take(name, rows, columns)).ToMatrix(transposed);

    /// <summary>A weight whose stored axes, joined, are [columns, rows]: such as W_O [head, d_head, d_model].</summary>
    public unsafe WeightMatrix Joined(string name, int rows, params ReadOnlySpan<int> shape)
    {
        StoredTensor tensor = Take(name, shape);
        return tensor.Type.IsWeight()
            ? WeightMatrix.FromMemory(tensor, tensor.Data, tensor.Type, checked((int)(tensor.Count / rows)), rows, transposed: true)
            : throw CutawayException.Model($"tensor '{name}' in {tensor.Source} holds {tensor.Type}; floating-point numbers were expected");
    }

    /// <summary>As many matrices [rows, columns] as are stored together, sharing memory; with <paramref name="transposed"/> each is stored [columns, rows].</summary>
    public unsafe WeightMatrix[] Slices(string name, int count, int rows, int columns, bool transposed)
    {
        StoredTensor tensor = transposed ? Take(name, count, columns, rows) : Take(name, count, rows, columns);
        if (!tensor.Type.IsWeight())
        {
            throw CutawayException.Model($"tensor '{name}' in {tensor.Source} holds {tensor.Type}; floating-point numbers were expected");
        }

        long bytes = tensor.Type.BytesFor((long)rows * columns);
        return
        [
            .. Enumerable.Range(0, count).Select(i => WeightMatrix.FromMemory(
                tensor, tensor.Data + (i * bytes), tensor.Type, transposed ? columns : rows, transposed ? rows : columns, transposed)),
        ];
    }

    /// <summary>A convolution of square patches that do not overlap, [outputs, channels, patch, patch], as the linear map of a patch.</summary>
    public unsafe WeightMatrix Convolution(string name, int outputs, int channels, int patch)
    {
        StoredTensor tensor = Take(name, outputs, channels, patch, patch);
        return tensor.Type.IsWeight()
            ? WeightMatrix.FromMemory(tensor, tensor.Data, tensor.Type, outputs, channels * patch * patch)
            : throw CutawayException.Model($"tensor '{name}' in {tensor.Source} holds {tensor.Type}; floating-point numbers were expected");
    }

    /// <summary>Positions stored as a batch of one, [1, rows, columns].</summary>
    public WeightMatrix Positions(string name, int rows, int columns) => Slices(name, 1, rows, columns, transposed: false)[0];

    /// <summary>A matrix of which only the columns are known beforehand, such as a classifier's.</summary>
    public WeightMatrix AnyRows(string name, int columns) => Matrix(name, RowsOf(name), columns);

    /// <summary>A vector whose length is not known beforehand.</summary>
    public WeightVector AnyVector(string name) => Vector(name, RowsOf(name));

    private int RowsOf(string name) => source.Tensors.TryGetValue(name, out StoredTensor? tensor) && tensor.Shape is [> 0 and <= Limits.Vocabulary and long rows, ..] ? (int)rows : 1;

    /// <summary>A short vector, stored under any shape of that many values.</summary>
    /// <exception cref="CutawayException">It is missing, has another shape, or holds values that are not finite.</exception>
    public WeightVector Vector(string name, params ReadOnlySpan<int> shape)
    {
        StoredTensor tensor = Take(name, shape);
        double[] values = Values(tensor);
        int bad = Array.FindIndex(values, value => !double.IsFinite(value));
        return bad < 0
            ? new WeightVector(values)
            : throw CutawayException.Model($"tensor '{tensor.Name}' in {tensor.Source} holds {values[bad]} at index {bad}; finite numbers were expected");
    }

    /// <summary>A linear map <c>stem.weight</c> with <c>stem.bias</c> where asked for.</summary>
    public LinearWeights Linear(string stem, int outputs, int inputs, bool bias, bool transposed = false) =>
        new(Matrix($"{stem}.weight", outputs, inputs, transposed), bias ? Vector($"{stem}.bias", outputs) : null);

    /// <summary>A norm <c>stem.weight</c> with <c>stem.bias</c> where asked for.</summary>
    public NormWeights Norm(string stem, int width, bool bias) => new(Vector($"{stem}.weight", width), bias ? Vector($"{stem}.bias", width) : null);

    /// <summary>The final norm of a network whose logits are multiplied by a factor, which is the same as to multiply what the norm passes on.</summary>
    /// <param name="stem">Its name.</param>
    /// <param name="width">Its width.</param>
    /// <param name="bias">Whether it has a bias.</param>
    /// <param name="factor">The factor on logits.</param>
    public NormWeights FinalNorm(string stem, int width, bool bias, double factor)
    {
        NormWeights norm = Norm(stem, width, bias);
        return new(Times(norm.Weight), Times(norm.Bias));

        WeightVector? Times(WeightVector? vector) => vector is null ? null : new([.. vector.Float64.ToArray().Select(value => value * factor)]);
    }

    /// <summary>
    /// The unembedding: the embedding itself where they are tied. A tied checkpoint may hold a second copy, which must then
    /// say the same (a few rows are compared).
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="config">The shape.</param>
    /// <param name="embedding">The embedding.</param>
    /// <param name="bias">The bias's name, or null where there is none.</param>
    public LinearWeights Head(string name, NetworkConfig config, WeightMatrix embedding, string? bias = null) =>
        new(HeadMatrix(name, config, embedding), bias is null ? null : Vector(bias, config.Vocabulary));

    private WeightMatrix HeadMatrix(string name, NetworkConfig config, WeightMatrix embedding)
    {
        if (!config.TiedEmbedding)
        {
            return Has(name)
                ? Matrix(name, config.Vocabulary, config.DModel)
                : throw CutawayException.Model(
                    $"tensor '{name}' is missing in {where}, and the configuration does not tie it to the embedding (tie_word_embeddings){NearNames.Suggest(name, source.Tensors.Keys)}");
        }

        if (Has(name))
        {
            WeightMatrix copy = Matrix(name, config.Vocabulary, config.DModel);
            double[] expected = new double[config.DModel];
            double[] found = new double[config.DModel];
            foreach (int row in (ReadOnlySpan<int>)[0, config.Vocabulary / 2, config.Vocabulary - 1])
            {
                embedding.DecodeRow<double>(row, expected);
                copy.DecodeRow<double>(row, found);
                if (!expected.AsSpan().SequenceEqual(found))
                {
                    throw CutawayException.Model(
                        $"tensor '{name}' in {where} differs from the embedding at row {row}, though the configuration ties them (tie_word_embeddings)");
                }
            }
        }

        return embedding;
    }

    /// <summary>Takes all tensors whose names begin so as known but not needed.</summary>
    public void PassOver(string beginning) => taken.UnionWith(source.Tensors.Keys.Where(name => name.StartsWith(beginning, StringComparison.Ordinal)));

    /// <summary>Ends the reading: everything in the file must have been taken, but for buffers whose names end in one of these.</summary>
    /// <exception cref="CutawayException">Other tensors are left.</exception>
    public void Finish(params ReadOnlySpan<string> buffers)
    {
        List<string> left = [];
        foreach (string name in source.Tensors.Keys)
        {
            if (!taken.Contains(name) && !EndsInAny(name, buffers))
            {
                left.Add(name);
            }
        }

        if (left.Count > 0)
        {
            left.Sort(StringComparer.Ordinal);
            string more = left.Count > NamesShown ? $" and {left.Count - NamesShown} more" : string.Empty;
            throw CutawayException.Model(
                $"{where} holds tensors that this architecture does not use: {string.Join(", ", left.Take(NamesShown).Select(Quote.Name))}{more}. The configuration may name another architecture, or other layers or biases, than the weights have");
        }
    }

    private static bool EndsInAny(string name, ReadOnlySpan<string> endings)
    {
        foreach (string ending in endings)
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
