using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>One network, stored in single and in half the precision: the same speed, for products of many rows are bound by arithmetic.</summary>
internal static unsafe class StorageBench
{
    private const int Length = 128;
    private const int Rounds = 12;

    private static readonly ElementType[] Types = [ElementType.Float32, ElementType.BFloat16, ElementType.Float16];

    /// <summary>Prints one row a network and way of storing it.</summary>
    public static void Run(string[] args)
    {
        Console.WriteLine($"storage, 1×{Length}, all logits, {WorkerPool.Default.Threads} thread(s), {Rounds} alternating runs");
        Console.WriteLine($"{"",-42}{"best ms",9}{"median ms",11}{"of Float32",12}{"median of ratios",18}");
        if (BenchModels.SmolLm2 is { } path)
        {
            Case("SmolLM2", LanguageModel.Load(path).Network);
        }

        Case("GPT-2 small, stored transposed", BenchModels.Gpt2(WorkerPool.Default));
    }

    private static void Case(string name, TransformerNetwork source)
    {
        ForwardPass<float>[] passes = [.. Types.Select(type => new ForwardPass<float>(new TransformerNetwork(source.Config, Stored(source.Weights, type), source.Pool)))];
        int[] ids = BenchModels.Ids(Length, source.Config.Vocabulary);
        double[][] times = [.. passes.Select(_ => new double[Rounds])];

        // In turns, so that all see the machine in the same mood; the first are for the compiler.
        for (int round = -2; round < Rounds; round++)
        {
            for (int i = 0; i < passes.Length; i++)
            {
                times[i][Math.Max(0, round)] = Machine.Once(() => passes[i].Run(new ForwardRequest(ids, 1, Length)));
            }
        }

        for (int i = 0; i < passes.Length; i++)
        {
            double[] ratios = [.. times[i].Zip(times[0], (own, first) => own / first).Order()];
            Console.WriteLine(
                $"{$"{name}, {Types[i]}",-42}{times[i].Min() * 1e3,9:F1}{times[i].Order().ElementAt(Rounds / 2) * 1e3,11:F1}{times[i].Min() / times[0].Min(),12:F2}{ratios[Rounds / 2],18:F2}");
        }
    }

    private static NetworkWeights Stored(NetworkWeights weights, ElementType type)
    {
        Dictionary<WeightMatrix, WeightMatrix> done = new(ReferenceEqualityComparer.Instance);
        return weights.Replace(
            matrix => done.TryGetValue(matrix, out WeightMatrix? stored) ? stored : done[matrix] = Stored(matrix, type),
            vector => vector);
    }

    private static WeightMatrix Stored(WeightMatrix matrix, ElementType type)
    {
        (int rows, int columns) = matrix.IsTransposed ? (matrix.Columns, matrix.Rows) : (matrix.Rows, matrix.Columns);
        NativeBuffer<byte> bytes = new(rows * type.BytesFor(columns));
        NativeBuffer<float> row = new(columns);
        for (int r = 0; r < rows; r++)
        {
            RowDecoder.Decode(matrix.Type, matrix.Data + (r * matrix.StrideBytes), row.Pointer, columns);
            byte* target = bytes.Pointer + (r * type.BytesFor(columns));
            for (int i = 0; i < columns; i++)
            {
                switch (type)
                {
                    case ElementType.Float32:
                        ((float*)target)[i] = row.Pointer[i];
                        break;
                    case ElementType.BFloat16:
                        ((ushort*)target)[i] = (ushort)(BitConverter.SingleToUInt32Bits(row.Pointer[i]) >> 16);
                        break;
                    default:
                        ((Half*)target)[i] = (Half)row.Pointer[i];
                        break;
                }
            }
        }

        GC.KeepAlive(row);
        return WeightMatrix.FromMemory(bytes, bytes.Pointer, type, rows, columns, matrix.IsTransposed);
    }
}
