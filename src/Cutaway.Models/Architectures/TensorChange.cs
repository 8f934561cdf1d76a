using Cutaway.Models.Formats;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// New values for parts of a stored tensor. It keeps its type where that holds every new value exactly, and takes the next
/// wider one where it does not: nothing is rounded.
/// </summary>
/// <param name="tensor">The tensor as it is stored.</param>
internal sealed unsafe class TensorChange(StoredTensor tensor)
{
    private readonly List<(WeightMatrix Place, WeightMatrix Values)> matrices = [];
    private readonly List<(long Index, double Value)> values = [];

    /// <summary>Puts a matrix in the place of another, which is a view of the tensor.</summary>
    public void Add(WeightMatrix place, WeightMatrix replacement) => matrices.Add((place, replacement));

    /// <summary>Puts a value in a place.</summary>
    public void Add(long index, double value) => values.Add((index, value));

    /// <summary>The changed tensor under a name; it is put together while it is written.</summary>
    /// <param name="named">The tensor whose name and shape it has: this one, or a copy of it.</param>
    public OutputTensor ToOutput(StoredTensor named)
    {
        ElementType type = Wide(tensor.Type);
        return OutputTensor.Streamed(named.Name, type, named.Shape, stream =>
        {
            int size = type.BytesPerBlock();
            NativeBuffer<byte> bytes = new(tensor.Count * size);
            Widen(bytes.Span, type);
            ForEach((index, value) => OutputTensor.Encode(value, type, bytes.Span.Slice((int)index * size, size)));
            stream.Write(bytes.Span);
        });
    }

    private void Widen(Span<byte> target, ElementType type)
    {
        if (type == tensor.Type)
        {
            new ReadOnlySpan<byte>(tensor.Data, target.Length).CopyTo(target);
            return;
        }

        double[] part = new double[4096];
        (int from, int to) = (tensor.Type.BytesPerBlock(), type.BytesPerBlock());
        for (long start = 0; start < tensor.Count; start += part.Length)
        {
            Span<double> decoded = part.AsSpan(0, (int)Math.Min(part.Length, tensor.Count - start));
            ElementDecoder.Decode(tensor.Type, new ReadOnlySpan<byte>(tensor.Data + (start * from), decoded.Length * from), decoded);
            for (int i = 0; i < decoded.Length; i++)
            {
                OutputTensor.Encode(decoded[i], type, target.Slice((int)(start + i) * to, to));
            }
        }
    }

    private ElementType Wide(ElementType type)
    {
        bool isExact = type <= ElementType.BFloat16;
        byte[] encoded = new byte[sizeof(double)];
        double[] decoded = new double[1];
        ForEach((_, value) =>
        {
            if (isExact)
            {
                OutputTensor.Encode(value, type, encoded);
                ElementDecoder.Decode<double>(type, encoded, decoded);
                isExact = decoded[0].Equals(value);
            }
        });
        return isExact ? type : Wide(type == ElementType.Float32 ? ElementType.Float64 : ElementType.Float32);
    }

    private void ForEach(Action<long, double> visit)
    {
        int size = tensor.Type.BytesPerBlock();
        foreach ((WeightMatrix place, WeightMatrix replacement) in matrices)
        {
            double[] row = new double[replacement.Columns];
            for (int r = 0; r < replacement.Rows; r++)
            {
                replacement.DecodeRow<double>(r, row);
                int stored = place.RowMap.IsEmpty ? r : place.RowMap[r];
                long first = (place.Data - tensor.Data + (place.IsTransposed ? (long)stored * size : stored * place.StrideBytes)) / size;
                long step = place.IsTransposed ? place.StrideBytes / size : 1;
                for (int column = 0; column < row.Length; column++)
                {
                    visit(first + (column * step), row[column]);
                }
            }
        }

        foreach ((long index, double value) in values)
        {
            visit(index, value);
        }
    }
}
